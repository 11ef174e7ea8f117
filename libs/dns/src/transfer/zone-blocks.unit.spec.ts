import { decode } from 'dns-packet';
import { parseName } from '../names/name';
import { MAX_RDATA_OCTETS } from '../records/parse-record';
import { TYPE } from '../records/record-type';
import { TestZone } from '../testing/test-zone';
import { HEADER_OCTETS } from '../wire/header';
import { MAX_MESSAGE_OCTETS } from '../wire/message-writer';
import { type DnsRequest, readRequest } from '../wire/read-request';
import type { Rdata } from '../zone/zone-record';
import { ZoneBlocks } from './zone-blocks';
import { transferMessages } from './transfer-messages';
import { axfrRecords } from './transfer-records';

const hosts = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index} 300 A 10.0.${index >> 8}.${index & 255}`);
const others = [
  '@ 300 NS ns1.lab.example.',
  '@ 300 MX 10 mail.lab.example.',
  '@ 300 MX 20 mail.elsewhere.example.',
  'alias 60 CNAME host1.Lab.example.',
  // Ends with the octets of the apex, but not with its labels: \3lab is a part of a label.
  'trap 60 PTR a\\003lab\\007example.',
  'service 60 SRV 1 2 443 host1.lab.example.',
  'text 60 TXT "a" "b"',
];
const zone = new TestZone('lab.example', [...hosts(5_000), ...others]);

const requestOf = (id: number, type: number): DnsRequest => {
  const message = Buffer.concat([Buffer.alloc(HEADER_OCTETS), Buffer.from(zone.current.apex, 'latin1'), Buffer.from([0, type, 0, 1])]);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(1, 4);
  const read = readRequest(message);
  if (read.kind !== 'request') throw new Error(read.kind);
  return read.request;
};

const AA = 0x8400;
const records = (messages: Iterable<Buffer>): string[] =>
  [...messages].flatMap((message) => (decode(message).answers ?? []).map((answer) => JSON.stringify(answer)));
const expected = (): string[] => records(transferMessages(requestOf(1, TYPE.AXFR), AA, axfrRecords(zone.current)));

it('says what a writer of single records says, in messages with the id, the flags and the question of the request', () => {
  const blocks = new ZoneBlocks(2 ** 20);
  for (const [id, type] of [
    [1, TYPE.AXFR],
    [2, TYPE.IXFR],
    [3, TYPE.AXFR],
  ] as const) {
    const request = requestOf(id, type);
    const messages = [...blocks.messages(zone.current, request, AA | 0x100)];
    expect(messages.length).toBeGreaterThan(1);
    expect(records(messages)).toEqual(expected());
    for (const message of messages) {
      expect([message.readUInt16BE(0), message.readUInt16BE(2), message.readUInt16BE(4)]).toEqual([id, AA | 0x100, 1]);
      expect(message.subarray(HEADER_OCTETS, request.questionEnd)).toEqual(request.message.subarray(HEADER_OCTETS, request.questionEnd));
    }
  }
});

it('makes after a change only the parts that it touched, and nothing again that is kept', () => {
  const blocks = new ZoneBlocks(2 ** 20);
  const take = (): void => void [...blocks.messages(zone.current, requestOf(1, TYPE.AXFR), AA)];
  take();
  const before = blocks.partsMade;
  take();
  expect(blocks.partsMade).toBe(before);
  zone.change({ host7: ['300 A 192.0.2.7'] });
  expect(records(blocks.messages(zone.current, requestOf(1, TYPE.AXFR), AA))).toEqual(expected());
  expect(blocks.partsMade).toBe(before + 1);
});

it('keeps so much and no more, and is right all the same', () => {
  const blocks = new ZoneBlocks(20_000);
  const take = (): string[] => records(blocks.messages(zone.current, requestOf(1, TYPE.AXFR), AA));
  const first = take();
  const all = blocks.partsMade;
  expect(take()).toEqual(first);
  const again = blocks.partsMade - all;
  expect(again).toBeGreaterThan(all / 2);
  expect(again).toBeLessThan(all);
});

it('has a message for the largest record under a long name, with room for a signature', () => {
  const name = `${'z'.repeat(57)}.`.repeat(4);
  const apex = parseName(name);
  const large = new TestZone(name, ['small 60 A 192.0.2.1']);
  const rdata = 'x'.repeat(MAX_RDATA_OCTETS) as Rdata;
  const { content } = large.current.replaceOwners(large.current.soa, [{ owner: apex, records: [{ owner: apex, type: 65_280, ttlSeconds: 1, rdata }] }]);
  const message = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from(apex, 'latin1'), Buffer.from([0, 252, 0, 1])]);
  const read = readRequest(message);
  if (read.kind !== 'request') throw new Error(read.kind);
  const lengths = [...new ZoneBlocks(0).messages(content, read.request, AA)].map(({ length }) => length);
  expect(Math.max(...lengths)).toBeGreaterThan(MAX_RDATA_OCTETS);
  expect(Math.max(...lengths)).toBeLessThan(MAX_MESSAGE_OCTETS - 500);
});

it('prepares what a transfer needs, and leaves a content that another one has followed', async () => {
  const blocks = new ZoneBlocks(2 ** 20);
  const old = blocks.prepare(zone.current);
  zone.change({ host8: ['300 A 192.0.2.8'] });
  await Promise.all([old, blocks.prepare(zone.current)]);
  const made = blocks.partsMade;
  expect(records(blocks.messages(zone.current, requestOf(1, TYPE.AXFR), AA))).toEqual(expected());
  expect(blocks.partsMade).toBe(made);
});
