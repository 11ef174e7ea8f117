import { type Name, nameKey, parseName } from '../names/name';
import { TYPE } from '../records/record-type';
import { TestZone } from '../testing/test-zone';
import { HEADER_OCTETS } from '../wire/header';
import { type DnsRequest, readRequest } from '../wire/read-request';
import { TransferCache } from './transfer-cache';
import { transferMessages } from './transfer-messages';
import { axfrRecords } from './transfer-records';

const hosts = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index} 300 A 10.0.${index >> 8}.${index & 255}`);
const zone = new TestZone('lab.example', ['@ 300 NS ns1.lab.example.', ...hosts(2_000)]);
const { content } = zone.served();

const requestOf = (id: number, type: number, name: Name = content.apex): DnsRequest => {
  const message = Buffer.concat([Buffer.alloc(HEADER_OCTETS), Buffer.from(name, 'latin1'), Buffer.from([0, type, 0, 1])]);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(1, 4);
  const read = readRequest(message);
  if (read.kind !== 'request') throw new Error(read.kind);
  return read.request;
};

const AA = 0x8400;

/** How often messages were made, and what came. */
const setUp = (maxBytes = 2 ** 20) => {
  const cache = new TransferCache(maxBytes);
  let made = 0;
  const fresh = (request: DnsRequest, flags = AA): Iterable<Buffer> => transferMessages(request, flags, axfrRecords(content));
  const take = (request: DnsRequest, flags = AA): Iterable<Buffer> =>
    cache.messages(content, request, flags, () => {
      made++;
      return fresh(request, flags);
    });
  return { take, fresh, made: () => made };
};

it('gives the next one the same messages, under its own id, flags and question', () => {
  const { take, fresh, made } = setUp();
  expect([...take(requestOf(1, TYPE.AXFR))].length).toBeGreaterThan(2);
  const next = requestOf(2, TYPE.IXFR);
  expect([...take(next, AA | 0x100)]).toEqual([...fresh(next, AA | 0x100)]);
  const again = requestOf(3, TYPE.AXFR);
  expect([...take(again)]).toEqual([...fresh(again)]);
  expect(made()).toBe(1);
});

it('makes an own one for a question in other letters', () => {
  const { take, fresh, made } = setUp();
  void [...take(requestOf(1, TYPE.AXFR))];
  const shouting = requestOf(2, TYPE.AXFR, parseName('LAB.example'));
  expect(nameKey(shouting.name)).toBe(content.apexKey);
  expect([...take(shouting)]).toEqual([...fresh(shouting)]);
  expect(made()).toBe(2);
});

it('keeps nothing of a transfer that was broken off, nor of two at a time, nor of too large a zone', () => {
  const { take, made } = setUp();
  const broken = take(requestOf(1, TYPE.AXFR))[Symbol.iterator]();
  broken.next();
  void [...take(requestOf(2, TYPE.AXFR))];
  broken.return!(undefined);
  void [...take(requestOf(3, TYPE.AXFR))];
  expect(made()).toBe(3);
  void [...take(requestOf(4, TYPE.AXFR))];
  expect(made()).toBe(3);
  const small = setUp(20_000);
  void [...small.take(requestOf(1, TYPE.AXFR))];
  void [...small.take(requestOf(2, TYPE.AXFR))];
  expect(small.made()).toBe(2);
});
