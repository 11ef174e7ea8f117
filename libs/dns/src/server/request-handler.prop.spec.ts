import { parseName } from '../names/name';
import { FUZZED_NAMES, mutatedPacket, seededRandom } from '../testing/mutated-packets';
import { TestZone } from '../testing/test-zone';
import { MemoryZoneSource } from '../zone/memory-zone-source';
import { DEFAULT_LIMITS } from './dns-limits';
import type { DnsReport } from './dns-report';
import { RequestHandler } from './request-handler';

const PACKETS = 20_000;

describe('a request handler', () => {
  it(`survives ${PACKETS} mutated packets, answers with their id or not at all, and takes no defect`, () => {
    const key = { name: parseName('lab.example_ns1'), secret: Buffer.from('secret') };
    const source = new MemoryZoneSource();
    const zone = new TestZone('lab.example', ['www 60 A 192.0.2.1', 'alias 60 CNAME www.lab.example.', '*.y 60 TXT "x"', 'sub 60 NS ns.sub.lab.example.'], {
      peers: [
        { name: 'ns1', key },
        { name: 'local', address: '192.0.2.1' },
      ],
    });
    for (let serial = 2; serial < 8; serial++) zone.change({ www: [`60 A 192.0.2.${serial}`] });
    source.put(zone.served());
    const faults: DnsReport[] = [];
    const unsound: { packet: string; octets: string }[] = [];
    const seen = new Map<string, number>();
    const handler = new RequestHandler(
      source,
      (report) => void (report.kind === 'fault' && faults.push(report)),
      DEFAULT_LIMITS,
      () => Math.floor(Date.now() / 1000),
    );
    const random = seededRandom(4);
    for (let count = 0; count < PACKETS; count++) {
      const packet = mutatedPacket(random, FUZZED_NAMES, key);
      const transport = random(2) === 0 ? 'udp' : 'tcp';
      const reply = handler.handle(packet, { address: random(2) === 0 ? '192.0.2.1' : '2001:db8::1', port: 1, transport });
      const messages = reply.kind === 'message' ? [reply.octets] : reply.kind === 'transfer' ? [...{ [Symbol.iterator]: () => reply.transfer.messages }] : [];
      for (const octets of messages) {
        const sound = octets.readUInt16BE(0) === packet.readUInt16BE(0) && (octets[2]! & 0x80) !== 0 && octets.length <= (transport === 'udp' ? 1232 : 65_535);
        if (!sound) unsound.push({ packet: packet.toString('hex'), octets: octets.toString('hex') });
      }
      const outcome = reply.kind === 'message' ? `rcode ${reply.octets[3]! & 15}` : reply.kind;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    expect(faults).toEqual([]);
    expect(unsound).toEqual([]);
    // The packets reach what they are meant for.
    expect([...seen.keys()].sort()).toEqual(['none', 'rcode 0', 'rcode 1', 'rcode 3', 'rcode 4', 'rcode 5', 'rcode 9', 'transfer']);
  });
});
