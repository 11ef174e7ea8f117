import { type Answer, resolve } from '../lookup/resolve';
import { FLAG, HEADER_OCTETS, RCODE } from '../wire/header';
import type { MessageWriter, Section } from '../wire/message-writer';
import { OPT_OCTETS, optRecord } from '../wire/opt-record';
import type { DnsRequest } from '../wire/read-request';
import type { ZoneContent } from '../zone/zone-content';
import type { RecordSet } from '../zone/zone-record';
import type { AnswerCache, CachedAnswer } from './answer-cache';

/** Room that the message has: what the client and the transport allow, less what a signature needs. */
export interface AnswerRoom {
  readonly limit: number;
}

const answerFlags = (request: DnsRequest): number => FLAG.QR | (request.flags & (FLAG.RD | FLAG.CD));

/** The octets of an answer, without a signature. */
export const writeAnswer = (writer: MessageWriter, content: ZoneContent, request: DnsRequest, room: AnswerRoom, cache: AnswerCache): Buffer => {
  const question = request.message.toString('latin1', HEADER_OCTETS, request.questionEnd);
  const cached = cache.get(question);
  if (cached && request.questionEnd + cached.tail.length + OPT_OCTETS <= room.limit) return assemble(request, cached);
  const answer = resolve(content, request.name, request.key, request.type);
  const octets = request.message.subarray(HEADER_OCTETS, request.questionEnd);
  const limit = room.limit - (request.edns ? OPT_OCTETS : 0);
  const flags = answerFlags(request) | (answer.authoritative ? FLAG.AA : 0) | answer.rcode;
  writer.begin({ id: request.id, flags, question: { octets, name: request.name }, limit });
  const whole = writeSections(writer, answer);
  if (whole && worthKeeping(request, answer)) {
    const { counts } = writer.mark();
    cache.set(question, { tail: writer.copyFrom(request.questionEnd), counts, flags: flags & (FLAG.AA | 15) });
  }
  if (request.edns) writer.rawRecord(optRecord(RCODE.NOERROR, request.edns.dnssecOk));
  return writer.finish();
};

/** Only names that exist, in the letters that the zone has or all lower: others are without end. */
const worthKeeping = (request: DnsRequest, answer: Answer): boolean =>
  answer.rcode === RCODE.NOERROR && !answer.synthesized && (request.name === (request.key as string) || answer.answer[0]?.owner === request.name);

const assemble = (request: DnsRequest, cached: CachedAnswer): Buffer => {
  const { questionEnd, edns } = request;
  const tailEnd = questionEnd + cached.tail.length;
  const message = Buffer.allocUnsafe(tailEnd + (edns ? OPT_OCTETS : 0));
  request.message.copy(message, 0, 0, questionEnd);
  message.writeUInt16BE(answerFlags(request) | cached.flags, 2);
  message.writeUInt16BE(cached.counts[0], 6);
  message.writeUInt16BE(cached.counts[1], 8);
  message.writeUInt16BE(cached.counts[2] + (edns ? 1 : 0), 10);
  cached.tail.copy(message, questionEnd);
  if (edns) optRecord(RCODE.NOERROR, edns.dnssecOk).copy(message, tailEnd);
  return message;
};

/** Is everything there? What does not fit: no half sets; the client is told to come by TCP when it needs them. */
const writeSections = (writer: MessageWriter, answer: Answer): boolean => {
  const start = writer.mark();
  const needed = (['answer', 'authority'] as const).every((section) => answer[section].every((set) => writeSet(writer, section, set)));
  if (!needed) {
    writer.rewind(start);
    writer.addFlags(FLAG.TC);
    return false;
  }
  let glue = 0;
  for (const set of answer.additional) {
    const before = writer.mark();
    if (writeSet(writer, 'additional', set)) {
      glue++;
      continue;
    }
    writer.rewind(before);
    // RFC 9471: a referral that leads into the delegated zone itself is of no use without addresses.
    if (answer.glueNeeded) writer.addFlags(FLAG.TC);
    break;
  }
  return glue === answer.additional.length;
};

const writeSet = (writer: MessageWriter, section: Section, set: RecordSet): boolean =>
  set.rdatas.every((rdata) => writer.record(section, set.owner, set.type, set.ttlSeconds, rdata));

/** An answer of nothing but a header, the question and OPT. */
export const writeRefusal = (writer: MessageWriter, request: DnsRequest, rcode: number, flags = 0): Buffer => {
  const octets = request.message.subarray(HEADER_OCTETS, request.questionEnd);
  const opcode = request.flags & 0x7800;
  writer.begin({
    id: request.id,
    flags: answerFlags(request) | opcode | flags | (rcode & 15),
    question: { octets, name: request.name },
    limit: HEADER_OCTETS + octets.length + OPT_OCTETS,
  });
  if (request.edns) writer.rawRecord(optRecord(rcode, request.edns.dnssecOk));
  return writer.finish();
};

/** To a request of which only the header could be read. */
export const writeHeaderOnly = (request: { id: number; flags: number }, rcode: number): Buffer => {
  const message = Buffer.alloc(HEADER_OCTETS);
  message.writeUInt16BE(request.id, 0);
  message.writeUInt16BE(FLAG.QR | (request.flags & (0x7800 | FLAG.RD)) | rcode, 2);
  return message;
};

/** The same answer, emptied: "come by TCP". */
export const truncated = (request: DnsRequest, answer: Buffer): Buffer => {
  const short = Buffer.alloc(request.questionEnd);
  answer.copy(short, 0, 0, request.questionEnd);
  short.writeUInt16BE(short.readUInt16BE(2) | FLAG.TC, 2);
  short.fill(0, 6, HEADER_OCTETS);
  return short;
};
