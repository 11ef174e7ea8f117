/**
 * The TSIG record (RFC 8945 section 4.2):
 *
 *   key name | 250 | class ANY | TTL 0 | length | algorithm name | time signed (48 bits) | fudge | MAC size | MAC
 *            | original id | error | other length | other data
 */
import { type Name, nameKey, type NameKey, parseName } from '../names/name';
import { TYPE } from '../records/record-type';
import { CLASS } from '../wire/header';
import { MalformedMessage, readName } from '../wire/read-name';
import type { TsigAlgorithm } from '../zone-source';

export interface TsigRecord {
  /** As it came. */
  readonly keyName: Name;
  readonly algorithmName: Name;
  readonly timeSeconds: number;
  readonly fudgeSeconds: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

interface AlgorithmFacts {
  readonly digest: string;
  readonly octets: number;
  readonly name: Name;
}

export const ALGORITHMS: Readonly<Record<TsigAlgorithm, AlgorithmFacts>> = {
  'hmac-sha1': { digest: 'sha1', octets: 20, name: parseName('hmac-sha1.') },
  'hmac-sha224': { digest: 'sha224', octets: 28, name: parseName('hmac-sha224.') },
  'hmac-sha256': { digest: 'sha256', octets: 32, name: parseName('hmac-sha256.') },
  'hmac-sha384': { digest: 'sha384', octets: 48, name: parseName('hmac-sha384.') },
  'hmac-sha512': { digest: 'sha512', octets: 64, name: parseName('hmac-sha512.') },
};

const BY_NAME = new Map<NameKey, TsigAlgorithm>(
  (Object.keys(ALGORITHMS) as TsigAlgorithm[]).map((algorithm) => [nameKey(ALGORITHMS[algorithm].name), algorithm]),
);

export const algorithmOf = (name: Name): TsigAlgorithm | undefined => BY_NAME.get(nameKey(name));

/** @throws MalformedMessage */
export const readTsig = (message: Buffer, start: number): TsigRecord => {
  const owner = readName(message, start);
  const head = owner.next;
  const recordClass = message.readUInt16BE(head + 2);
  if (message.readUInt16BE(head) !== TYPE.TSIG || recordClass !== CLASS.ANY || message.readUInt32BE(head + 4) !== 0) {
    throw new MalformedMessage('TSIG with another class or a TTL');
  }
  const algorithm = readName(message, head + 10);
  let at = algorithm.next;
  const need = (octets: number): number => {
    if (at + octets > message.length) throw new MalformedMessage('TSIG is cut off');
    at += octets;
    return at - octets;
  };
  const timeSeconds = message.readUIntBE(need(6), 6);
  const fudgeSeconds = message.readUInt16BE(need(2));
  const macOctets = message.readUInt16BE(need(2));
  const mac = message.subarray(need(macOctets), at);
  const originalId = message.readUInt16BE(need(2));
  const error = message.readUInt16BE(need(2));
  const otherOctets = message.readUInt16BE(need(2));
  const other = message.subarray(need(otherOctets), at);
  if (at !== head + 10 + message.readUInt16BE(head + 8) || at !== message.length) throw new MalformedMessage('TSIG has another length than it says');
  return { keyName: owner.name, algorithmName: algorithm.name, timeSeconds, fudgeSeconds, mac, originalId, error, other };
};

export const time48 = (seconds: number): Buffer => {
  const octets = Buffer.alloc(6);
  octets.writeUIntBE(seconds, 0, 6);
  return octets;
};

export const uint16 = (...values: number[]): Buffer => {
  const octets = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => octets.writeUInt16BE(value, index * 2));
  return octets;
};

export const writeTsig = (record: TsigRecord): Buffer => {
  const rdata = Buffer.concat([
    Buffer.from(record.algorithmName, 'latin1'),
    time48(record.timeSeconds),
    uint16(record.fudgeSeconds, record.mac.length),
    record.mac,
    uint16(record.originalId, record.error, record.other.length),
    record.other,
  ]);
  return Buffer.concat([Buffer.from(record.keyName, 'latin1'), uint16(TYPE.TSIG, CLASS.ANY, 0, 0, rdata.length), rdata]);
};

/** The message with the record behind it and counted. */
export const appendTsig = (message: Buffer, record: TsigRecord): Buffer => {
  const whole = Buffer.concat([message, writeTsig(record)]);
  whole.writeUInt16BE(whole.readUInt16BE(10) + 1, 10);
  return whole;
};
