import type { Name } from '../names/name';
import { TYPE } from '../records/record-type';
import { TsigSigner, verifyTsig } from '../tsig/tsig';
import { readTsig } from '../tsig/tsig-record';
import { CLASS, FLAG, HEADER_OCTETS, OPCODE, opcodeOf } from '../wire/header';
import { MessageWriter, MAX_MESSAGE_OCTETS } from '../wire/message-writer';
import { MalformedMessage, readName, skipName } from '../wire/read-name';
import { soaRdata } from '../zone/soa-record';
import type { StartOfAuthority } from '../zone/zone-record';
import type { NotifyTarget } from '../zone-source';

const DEFAULT_ALGORITHM = 'hmac-sha256';
const writer = new MessageWriter();

export interface NotifyMessage {
  readonly octets: Buffer;
  /** To check the signature of the answer with. */
  readonly mac: Buffer | undefined;
}

/** The new SOA comes along: a secondary that has it already need not ask (RFC 1996 section 3.7). */
export const notifyMessage = (id: number, apex: Name, soa: StartOfAuthority, target: NotifyTarget, nowSeconds: () => number): NotifyMessage => {
  const octets = Buffer.concat([Buffer.from(apex, 'latin1'), Buffer.from([0, TYPE.SOA, 0, CLASS.IN])]);
  writer.begin({ id, flags: (OPCODE.NOTIFY << 11) | FLAG.AA, question: { octets, name: apex }, limit: MAX_MESSAGE_OCTETS });
  writer.record('answer', apex, TYPE.SOA, soa.ttlSeconds, soaRdata(soa));
  const message = writer.finish();
  if (!target.key) return { octets: message, mac: undefined };
  const signer = new TsigSigner(target.key, target.algorithm ?? DEFAULT_ALGORITHM, nowSeconds);
  return { octets: signer.sign(message), mac: signer.mac };
};

export type NotifyAnswer =
  | { readonly kind: 'acknowledged' }
  /** `tsigError` of RFC 8945: 17 unknown key, 16 wrong signature, 18 clocks differ. */
  | { readonly kind: 'refused'; readonly rcode: number; readonly tsigError?: number }
  /** Not signed as it must be, or no answer to this message: as if it had not come. */
  | { readonly kind: 'ignored' };

const IGNORED: NotifyAnswer = { kind: 'ignored' };

/** Where the TSIG record of an answer begins, if it has one. */
const tsigStart = (message: Buffer): number | undefined => {
  let at = HEADER_OCTETS;
  for (let question = message.readUInt16BE(4); question > 0; question--) at = skipName(message, at) + 4;
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let index = 0; index < records; index++) {
    const head = skipName(message, at);
    if (head + 10 > message.length) throw new MalformedMessage('a record runs over the end');
    if (message.readUInt16BE(head) === TYPE.TSIG && index === records - 1) return at;
    at = head + 10 + message.readUInt16BE(head + 8);
  }
  return undefined;
};

const readAnswer = (message: Buffer, sent: NotifyMessage, target: NotifyTarget, nowSeconds: number): NotifyAnswer => {
  const flags = message.readUInt16BE(2);
  if (!(flags & FLAG.QR) || opcodeOf(flags) !== OPCODE.NOTIFY) return IGNORED;
  const rcode = flags & 15;
  if (message.readUInt16BE(4) > 0) readName(message, HEADER_OCTETS);
  if (!target.key) return rcode === 0 ? { kind: 'acknowledged' } : { kind: 'refused', rcode };
  const start = tsigStart(message);
  // A server that does not know TSIG or our key cannot sign; what it says is good enough to be told to the user.
  if (start === undefined) return rcode === 0 ? IGNORED : { kind: 'refused', rcode };
  const record = readTsig(message, start);
  if (record.error !== 0) return { kind: 'refused', rcode, tsigError: record.error };
  const verdict = verifyTsig(message, start, record, target.key, { nowSeconds, priorMac: sent.mac });
  if (verdict.kind !== 'valid') return IGNORED;
  return rcode === 0 ? { kind: 'acknowledged' } : { kind: 'refused', rcode };
};

export const readNotifyAnswer = (message: Buffer, sent: NotifyMessage, target: NotifyTarget, nowSeconds: number): NotifyAnswer => {
  if (message.length < HEADER_OCTETS) return IGNORED;
  try {
    return readAnswer(message, sent, target, nowSeconds);
  } catch (error) {
    // Octets from the network that are no answer.
    if (error instanceof MalformedMessage || error instanceof RangeError) return IGNORED;
    throw error;
  }
};
