/**
 * Signatures of messages with shared secrets (RFC 8945 sections 4.3, 5.2 and 5.3).
 *
 *   request             HMAC(message | variables)
 *   first answer        HMAC(request's MAC | message | variables)
 *   answers that follow HMAC(MAC of the one before | message | timers)
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { nameKey } from '../names/name';
import { RCODE } from '../wire/header';
import type { TsigAlgorithm, TsigKey } from '../zone-source';
import { ALGORITHMS, algorithmOf, appendTsig, time48, type TsigRecord, uint16 } from './tsig-record';

/** How far the clocks may be apart (RFC 8945 section 10). */
export const FUDGE_SECONDS = 300;

type DigestedFields = Pick<TsigRecord, 'keyName' | 'algorithmName' | 'timeSeconds' | 'fudgeSeconds' | 'error' | 'other'>;

const variables = (record: DigestedFields): Buffer =>
  Buffer.concat([
    Buffer.from(nameKey(record.keyName), 'latin1'),
    uint16(255, 0, 0),
    Buffer.from(nameKey(record.algorithmName), 'latin1'),
    time48(record.timeSeconds),
    uint16(record.fudgeSeconds, record.error, record.other.length),
    record.other,
  ]);

const timers = (record: DigestedFields): Buffer => Buffer.concat([time48(record.timeSeconds), uint16(record.fudgeSeconds)]);

const withLength = (mac: Buffer | undefined): Buffer => (mac ? Buffer.concat([uint16(mac.length), mac]) : Buffer.alloc(0));

const macOf = (key: TsigKey, algorithm: TsigAlgorithm, parts: readonly Buffer[]): Buffer => {
  const hmac = createHmac(ALGORITHMS[algorithm].digest, key.secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** The message as it was before it was signed: without the record, with its own id. */
const unsigned = (message: Buffer, tsigStart: number, record: TsigRecord): Buffer => {
  const copy = Buffer.from(message.subarray(0, tsigStart));
  copy.writeUInt16BE(record.originalId, 0);
  copy.writeUInt16BE(copy.readUInt16BE(10) - 1, 10);
  return copy;
};

export type Verdict =
  | { readonly kind: 'valid'; readonly algorithm: TsigAlgorithm }
  /** `malformed`: FORMERR without a signature (RFC 8945 section 5.2.2.1). */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'bad-key' | 'bad-signature' }
  | { readonly kind: 'bad-truncation' | 'bad-time'; readonly algorithm: TsigAlgorithm };

/**
 * @param options.priorMac of the request, when `message` is an answer; of the answer before, with `follows`
 * @param options.follows a message of a transfer that is not the first
 */
export const verifyTsig = (
  message: Buffer,
  tsigStart: number,
  record: TsigRecord,
  key: TsigKey | undefined,
  options: { nowSeconds: number; priorMac?: Buffer; follows?: boolean },
): Verdict => {
  const algorithm = algorithmOf(record.algorithmName);
  if (!key || !algorithm || (key.algorithms && !key.algorithms.includes(algorithm))) return { kind: 'bad-key' };
  const { octets } = ALGORITHMS[algorithm];
  if (record.mac.length > octets || record.mac.length < Math.max(10, octets / 2)) return { kind: 'malformed' };
  const tail = options.follows ? timers(record) : variables(record);
  const expected = macOf(key, algorithm, [withLength(options.priorMac), unsigned(message, tsigStart, record), tail]);
  if (!timingSafeEqual(expected.subarray(0, record.mac.length), record.mac)) return { kind: 'bad-signature' };
  // Only whole MACs are taken: no peer that we know of sends others unless it is told to.
  if (record.mac.length < octets) return { kind: 'bad-truncation', algorithm };
  if (Math.abs(record.timeSeconds - options.nowSeconds) > record.fudgeSeconds) return { kind: 'bad-time', algorithm };
  return { kind: 'valid', algorithm };
};

/** Signs one message, or the messages of one transfer in their order. */
export class TsigSigner {
  private priorMac: Buffer | undefined;
  private follows = false;

  constructor(
    private readonly key: TsigKey,
    private readonly algorithm: TsigAlgorithm,
    private readonly nowSeconds: () => number,
    /** The request's, when answers are signed. */
    requestMac?: Buffer,
  ) {
    this.priorMac = requestMac;
  }

  /** Octets that a signature adds to a message. */
  get octets(): number {
    const { name, octets } = ALGORITHMS[this.algorithm];
    // 6 more: the other data of BADTIME
    return this.key.name.length + 10 + name.length + 16 + octets + 6;
  }

  /** What the last message was signed with: the start of the check of an answer. */
  get mac(): Buffer | undefined {
    return this.priorMac;
  }

  sign(message: Buffer, error: { code: number; other?: Buffer; timeSeconds?: number } = { code: RCODE.NOERROR }): Buffer {
    const fields = {
      keyName: this.key.name,
      algorithmName: ALGORITHMS[this.algorithm].name,
      timeSeconds: error.timeSeconds ?? this.nowSeconds(),
      fudgeSeconds: FUDGE_SECONDS,
      error: error.code,
      other: error.other ?? Buffer.alloc(0),
    };
    const mac = macOf(this.key, this.algorithm, [withLength(this.priorMac), message, this.follows ? timers(fields) : variables(fields)]);
    this.priorMac = mac;
    this.follows = true;
    return appendTsig(message, { ...fields, mac, originalId: message.readUInt16BE(0) });
  }
}

/** BADKEY and BADSIG come back with an empty MAC: nothing could be signed with (RFC 8945 section 5.3.2). */
export const appendUnsignedError = (message: Buffer, request: TsigRecord, error: number): Buffer =>
  appendTsig(message, { ...request, mac: Buffer.alloc(0), originalId: message.readUInt16BE(0), error, other: Buffer.alloc(0) });
