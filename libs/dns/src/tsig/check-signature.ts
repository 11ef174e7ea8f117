import { type Name, nameKey } from '../names/name';
import type { RefusalReason } from '../server/dns-report';
import { RCODE } from '../wire/header';
import { MalformedMessage } from '../wire/read-name';
import type { DnsRequest } from '../wire/read-request';
import type { TsigKey, ZoneSource } from '../zone-source';
import { appendUnsignedError, TsigSigner, type Verdict, verifyTsig } from './tsig';
import { algorithmOf, readTsig, time48, type TsigRecord } from './tsig-record';

export type SignatureCheck =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'valid'; readonly keyName: Name; readonly signer: TsigSigner }
  | {
      readonly kind: 'wrong';
      readonly reason: RefusalReason;
      readonly keyName: Name;
      readonly clockDifferenceSeconds?: number;
      /** Puts the error into an answer with rcode NOTAUTH. */
      readonly complete: (answer: Buffer) => Buffer;
    };

const UNSIGNED: SignatureCheck = { kind: 'unsigned' };

/** @throws MalformedMessage: the answer is FORMERR */
export const checkSignature = (request: DnsRequest, source: Pick<ZoneSource, 'key'>, nowSeconds: () => number): SignatureCheck => {
  if (request.tsigStart === undefined) return UNSIGNED;
  const record = readTsig(request.message, request.tsigStart);
  const key = source.key(nameKey(record.keyName));
  const verdict = verifyTsig(request.message, request.tsigStart, record, key, { nowSeconds: nowSeconds() });
  if (verdict.kind === 'malformed') throw new MalformedMessage('a MAC of an impossible length');
  return conclude(verdict, record, key, nowSeconds);
};

const conclude = (verdict: Exclude<Verdict, { kind: 'malformed' }>, record: TsigRecord, key: TsigKey | undefined, nowSeconds: () => number): SignatureCheck => {
  const { keyName } = record;
  switch (verdict.kind) {
    case 'valid':
      return { kind: 'valid', keyName, signer: new TsigSigner({ ...key!, name: keyName }, verdict.algorithm, nowSeconds, record.mac) };
    case 'bad-signature':
      return { kind: 'wrong', reason: 'signature-wrong', keyName, complete: (answer) => appendUnsignedError(answer, record, RCODE.BADSIG) };
    case 'bad-key': {
      const reason = key && algorithmOf(record.algorithmName) ? 'algorithm-not-allowed' : 'key-unknown';
      return { kind: 'wrong', reason, keyName, complete: (answer) => appendUnsignedError(answer, record, RCODE.BADKEY) };
    }
    case 'bad-truncation':
    case 'bad-time':
      return signedError(verdict, record, key!, nowSeconds);
  }
};

const signedError = (
  verdict: Extract<Verdict, { kind: 'bad-truncation' | 'bad-time' }>,
  record: TsigRecord,
  key: TsigKey,
  nowSeconds: () => number,
): SignatureCheck => {
  const signer = new TsigSigner(key, verdict.algorithm, nowSeconds, record.mac);
  if (verdict.kind === 'bad-truncation') {
    return { kind: 'wrong', reason: 'signature-too-short', keyName: record.keyName, complete: (answer) => signer.sign(answer, { code: RCODE.BADTRUNC }) };
  }
  // The client's own time, so that it can check the signature of this answer; ours beside it (RFC 8945 section 5.2.3).
  const error = { code: RCODE.BADTIME, other: time48(nowSeconds()), timeSeconds: record.timeSeconds };
  return {
    kind: 'wrong',
    reason: 'time-differs',
    keyName: record.keyName,
    clockDifferenceSeconds: record.timeSeconds - nowSeconds(),
    complete: (answer) => signer.sign(answer, error),
  };
};
