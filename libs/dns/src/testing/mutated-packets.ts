/** Packets that nobody should send: valid ones of every kind, broken in the ways in which attackers and bad links break them. */
import { type Name, parseName } from '../names/name';
import { TsigSigner } from '../tsig/tsig';
import type { TsigKey } from '../zone-source';

export type Random = (below: number) => number;

/** xorshift32: the same packets for the same seed. */
export const seededRandom = (seed: number): Random => {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
};

const TYPES = [1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 43, 250, 251, 252, 255, 257, 65_280, 0];
const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;
const uint16 = (...values: number[]): Buffer => Buffer.from(values.flatMap((value) => [(value >> 8) & 255, value & 255]));

const soaRecord = (name: Name, serial: number): Buffer => {
  const rdata = Buffer.concat([Buffer.from([0, 0]), uint16(serial >>> 16, serial & 0xffff), Buffer.alloc(16)]);
  return Buffer.concat([Buffer.from(name, 'latin1'), uint16(6, 1, 0, 0, rdata.length), rdata]);
};

const optRecord = (random: Random): Buffer =>
  Buffer.concat([Buffer.from([0]), uint16(41, random(65_536), random(4) === 0 ? 0x100 : 0, 0x8000, 8, 10, 4), Buffer.alloc(4, 1)]);

/** A valid request of some kind. */
const validPacket = (random: Random, names: readonly Name[], key: TsigKey): Buffer => {
  const name = pick(random, names);
  const type = pick(random, TYPES);
  const opt = random(2) === 0;
  const head = uint16(random(65_536), pick(random, [0x0100, 0, 0x2000, 0x2800, 0x0110, 0x8000]), 1, 0, type === 251 ? 1 : 0, opt ? 1 : 0);
  const question = Buffer.concat([Buffer.from(name, 'latin1'), uint16(type, pick(random, [1, 1, 1, 3, 255]))]);
  const records = [...(type === 251 ? [soaRecord(name, random(10))] : []), ...(opt ? [optRecord(random)] : [])];
  const message = Buffer.concat([head, question, ...records]);
  if (random(4) !== 0) return message;
  return new TsigSigner(key, pick(random, ['hmac-sha256', 'hmac-sha512', 'hmac-sha1']), () => Math.floor(Date.now() / 1000) - random(700)).sign(message);
};

const splice = (packet: Buffer, at: number, remove: number, insert: Buffer): Buffer =>
  Buffer.concat([packet.subarray(0, at), insert, packet.subarray(at + remove)]);
const randomOctets = (random: Random, count: number): Buffer => Buffer.from(Array.from({ length: count }, () => random(256)));

const MUTATIONS: readonly ((packet: Buffer, random: Random) => Buffer)[] = [
  (packet, random) => splice(packet, random(packet.length), 1, randomOctets(random, 1)),
  (packet, random) => packet.subarray(0, random(packet.length + 1)),
  (packet, random) => splice(packet, random(packet.length), random(8), Buffer.alloc(0)),
  (packet, random) => splice(packet, random(packet.length), 0, randomOctets(random, random(40))),
  // a compression pointer: anywhere, to anywhere, itself included
  (packet, random) => splice(packet, random(packet.length), 2, uint16(0xc000 | random(packet.length + 4))),
  (packet, random) => {
    const at = random(packet.length);
    return splice(packet, at, 2, uint16(0xc000 | at));
  },
  // the counts of the header
  (packet, random) => splice(packet, 4 + random(4) * 2, 2, uint16(pick(random, [0, 1, 2, 7, 255, 65_535]))),
  // lengths that lie
  (packet, random) => splice(packet, random(packet.length), 2, uint16(pick(random, [0, 1, 63, 64, 255, 65_535]))),
  (packet, random) => Buffer.concat([packet, packet.subarray(random(packet.length))]),
  (packet, random) => Buffer.concat([packet, Buffer.alloc(random(3000), 3)]),
  (_packet, random) => randomOctets(random, random(600)),
];

/** One packet; about one in ten is valid. */
export const mutatedPacket = (random: Random, names: readonly Name[], key: TsigKey): Buffer => {
  let packet = validPacket(random, names, key);
  for (let times = random(4); times > 0 && packet.length > 0; times--) packet = pick(random, MUTATIONS)(packet, random);
  return packet;
};

export const FUZZED_NAMES: readonly Name[] = [
  'lab.example.',
  'www.lab.example.',
  'x.y.lab.example.',
  'alias.lab.example.',
  'h.sub.lab.example.',
  '.',
  'example.',
  `${'a'.repeat(63)}.lab.example.`,
].map((name) => parseName(name));
