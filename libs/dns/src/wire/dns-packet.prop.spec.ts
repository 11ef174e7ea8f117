import * as packet from 'dns-packet';
import * as fc from 'fast-check';
import { type Name, parseName, renderName } from '../names/name';
import { parseRecord } from '../records/parse-record';
import { MAX_MESSAGE_OCTETS, MessageWriter } from './message-writer';
import { readName } from './read-name';
import { readRequest } from './read-request';

/** What dns-packet can say as well: letters, digits, dashes. */
const label = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const hostName = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
/** Any octets. */
const wireName = fc
  .array(
    fc.uint8Array({ minLength: 1, maxLength: 63 }).map((octets) => Buffer.from(octets).toString('latin1')),
    { maxLength: 3 },
  )
  .map((labels) => `${labels.map((octets) => String.fromCharCode(octets.length) + octets).join('')}\0` as Name);

describe('names', () => {
  it('of any octets survive text and wire', () => {
    fc.assert(
      fc.property(wireName, (name) => {
        expect(parseName(renderName(name))).toBe(name);
        expect(readName(Buffer.from(name, 'latin1'), 0)).toEqual({ name, next: name.length });
      }),
    );
  });
});

describe('messages', () => {
  const record = fc.oneof(
    fc.record({ type: fc.constant('A' as const), data: fc.ipV4() }),
    fc.record({ type: fc.constant('CNAME' as const), data: hostName }),
    fc.record({ type: fc.constant('NS' as const), data: hostName }),
    fc.record({ type: fc.constant('MX' as const), data: fc.record({ preference: fc.nat(65_535), exchange: hostName }) }),
    fc.record({
      type: fc.constant('SRV' as const),
      data: fc.record({ priority: fc.nat(65_535), weight: fc.nat(65_535), port: fc.nat(65_535), target: hostName }),
    }),
  );
  const valueOf = (given: { type: string; data: unknown }): string => {
    const { data } = given as { data: string | Record<string, unknown> };
    return typeof data === 'string'
      ? given.type === 'A'
        ? data
        : `${data}.`
      : Object.values(data)
          .map((part) => (typeof part === 'string' ? `${part}.` : part))
          .join(' ');
  };

  it('are read by dns-packet as they were meant', () => {
    const writer = new MessageWriter();
    fc.assert(
      fc.property(fc.array(fc.tuple(hostName, fc.nat(2 ** 31 - 1), record), { maxLength: 30 }), fc.nat(65_535), (records, id) => {
        writer.begin({ id, flags: 0x8400, limit: MAX_MESSAGE_OCTETS });
        for (const [owner, ttl, given] of records) {
          const { type, rdata } = parseRecord(given.type, valueOf(given));
          expect(writer.record('answer', parseName(owner), type, ttl, rdata)).toBe(true);
        }
        const read = packet.decode(writer.finish());
        expect(read.id).toBe(id);
        expect(read.answers?.map((answer) => [answer.name, 'ttl' in answer && answer.ttl, answer.type, 'data' in answer && answer.data])).toEqual(
          records.map(([owner, ttl, given]) => [owner, ttl, given.type, given.data]),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('never grow over their limit, and what did not fit leaves no trace', () => {
    const writer = new MessageWriter();
    fc.assert(
      fc.property(fc.array(fc.tuple(hostName, hostName), { maxLength: 40 }), fc.integer({ min: 12, max: 400 }), (records, limit) => {
        writer.begin({ id: 1, flags: 0x8400, limit });
        const kept = records.filter(([owner, target]) => {
          const { type, rdata } = parseRecord('CNAME', `${target}.`);
          return writer.record('answer', parseName(owner), type, 60, rdata);
        });
        const message = writer.finish();
        expect(message.length).toBeLessThanOrEqual(limit);
        expect(packet.decode(message).answers?.map((answer) => [answer.name, 'data' in answer && answer.data])).toEqual(kept);
      }),
    );
  });

  it('of dns-packet are read as they were meant', () => {
    fc.assert(
      fc.property(hostName, fc.nat(65_535), fc.boolean(), fc.boolean(), (name, id, edns, dnssecOk) => {
        const octets = packet.encode({
          type: 'query',
          id,
          flags: packet.RECURSION_DESIRED,
          questions: [{ name, type: 'MX', class: 'IN' }],
          additionals: edns
            ? [
                {
                  type: 'OPT',
                  name: '.',
                  udpPayloadSize: 1400,
                  flags: dnssecOk ? packet.DNSSEC_OK : 0,
                  options: [],
                  extendedRcode: 0,
                  ednsVersion: 0,
                  flag_do: dnssecOk,
                },
              ]
            : [],
        });
        const read = readRequest(octets);
        expect(read.kind === 'request' && read.request).toMatchObject({
          id,
          name: parseName(name),
          key: parseName(name.toLowerCase()),
          type: 15,
          class: 1,
          edns: edns ? { payloadOctets: 1400, version: 0, dnssecOk } : undefined,
        });
      }),
    );
  });

  it('that are cut off or followed by something are refused', () => {
    fc.assert(
      fc.property(hostName, fc.nat(), (name, cut) => {
        const octets = packet.encode({ type: 'query', id: 1, questions: [{ name, type: 'A' }] });
        const end = cut % octets.length;
        expect(readRequest(octets.subarray(0, end)).kind).toBe(end < 12 ? 'ignored' : 'malformed');
        expect(readRequest(Buffer.concat([octets, Buffer.from([0])])).kind).toBe('malformed');
      }),
    );
  });
});
