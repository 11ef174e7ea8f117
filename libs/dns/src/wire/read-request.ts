/**
 * Reads a request strictly: every record must be whole, nothing may follow, OPT and TSIG only where they belong
 * (RFC 1035, RFC 6891 section 6.1.1, RFC 8945 section 5.2, RFC 1995 section 3).
 *
 *   octets -> ignored            no header, or a response (never answer an answer: two servers would do so for ever)
 *          -> malformed          FORMERR with what is known of the header
 *          -> request
 */
import { type Name, type NameKey } from '../names/name';
import { TYPE } from '../records/record-type';
import { CLASS, FLAG, HEADER_OCTETS } from './header';
import { MalformedMessage, readName, skipName } from './read-name';

export interface Edns {
  /** What the client takes in one UDP datagram, as it said. */
  readonly payloadOctets: number;
  readonly version: number;
  readonly dnssecOk: boolean;
}

export interface DnsRequest {
  readonly message: Buffer;
  readonly id: number;
  readonly flags: number;
  /** As the client wrote it. */
  readonly name: Name;
  readonly key: NameKey;
  readonly type: number;
  readonly class: number;
  /** The question is in `message` from the end of the header up to here. */
  readonly questionEnd: number;
  readonly edns: Edns | undefined;
  /** Where the TSIG record begins; it is the last record. */
  readonly tsigStart: number | undefined;
  /** Of the SOA in the authority section: what an IXFR client has. */
  readonly soaSerial: number | undefined;
}

export type ReadRequest =
  | { readonly kind: 'ignored' }
  | { readonly kind: 'malformed'; readonly id: number; readonly flags: number }
  | { readonly kind: 'request'; readonly request: DnsRequest };

const IGNORED: ReadRequest = { kind: 'ignored' };

export const readRequest = (message: Buffer): ReadRequest => {
  if (message.length < HEADER_OCTETS) return IGNORED;
  const id = message.readUInt16BE(0);
  const flags = message.readUInt16BE(2);
  if (flags & FLAG.QR) return IGNORED;
  try {
    return { kind: 'request', request: readParts(message, id, flags) };
  } catch (error) {
    if (error instanceof MalformedMessage) return { kind: 'malformed', id, flags };
    throw error;
  }
};

const scratch = Buffer.alloc(256);

/** The octets of the question in lower case: lengths are below 64 and are no letters. */
const lowerCase = (message: Buffer, start: number, end: number): NameKey => {
  let changed = false;
  for (let at = start; at < end; at++) {
    const octet = message[at]!;
    const upper = octet >= 65 && octet <= 90;
    changed ||= upper;
    scratch[at - start] = upper ? octet + 32 : octet;
  }
  return (changed ? scratch.toString('latin1', 0, end - start) : message.toString('latin1', start, end)) as NameKey;
};

const readQuestionName = (message: Buffer): number => {
  let at = HEADER_OCTETS;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) throw new MalformedMessage('the name of the question');
    at += length + 1;
    if (length === 0) break;
  }
  if (at - HEADER_OCTETS > 255 || at + 4 > message.length) throw new MalformedMessage('the name of the question is too long');
  return at;
};

const readParts = (message: Buffer, id: number, flags: number): DnsRequest => {
  if (message.readUInt16BE(4) !== 1) throw new MalformedMessage('not one question');
  const nameEnd = readQuestionName(message);
  const name = message.toString('latin1', HEADER_OCTETS, nameEnd) as Name;
  const records = readRecords(message, nameEnd + 4);
  return {
    message,
    id,
    flags,
    name,
    key: lowerCase(message, HEADER_OCTETS, nameEnd),
    type: message.readUInt16BE(nameEnd),
    class: message.readUInt16BE(nameEnd + 2),
    questionEnd: nameEnd + 4,
    ...records,
  };
};

interface RequestRecords {
  edns: Edns | undefined;
  tsigStart: number | undefined;
  soaSerial: number | undefined;
}

const readRecords = (message: Buffer, start: number): RequestRecords => {
  const answers = message.readUInt16BE(6);
  const authorityEnd = answers + message.readUInt16BE(8);
  const count = authorityEnd + message.readUInt16BE(10);
  const found: RequestRecords = { edns: undefined, tsigStart: undefined, soaSerial: undefined };
  let at = start;
  for (let index = 0; index < count; index++) {
    const record = readRecordHead(message, at);
    const inAdditional = index >= authorityEnd;
    if (record.type === TYPE.OPT) found.edns = readOpt(message, at, record, inAdditional && !found.edns);
    else if (record.type === TYPE.TSIG) {
      if (!inAdditional || index !== count - 1) throw new MalformedMessage('TSIG is not the last record');
      found.tsigStart = at;
    } else if (record.type === TYPE.SOA && index >= answers && !inAdditional) found.soaSerial = serialOf(message, record);
    at = record.end;
  }
  if (at !== message.length) throw new MalformedMessage('octets behind the last record');
  return found;
};

interface RecordHead {
  readonly type: number;
  readonly class: number;
  readonly head: number;
  readonly data: number;
  readonly end: number;
}

const readRecordHead = (message: Buffer, at: number): RecordHead => {
  const head = skipName(message, at);
  const data = head + 10;
  if (data > message.length) throw new MalformedMessage('a record runs over the end');
  const end = data + message.readUInt16BE(head + 8);
  if (end > message.length) throw new MalformedMessage('a record runs over the end');
  return { type: message.readUInt16BE(head), class: message.readUInt16BE(head + 2), head, data, end };
};

const readOpt = (message: Buffer, at: number, record: RecordHead, allowed: boolean): Edns => {
  if (!allowed || message[at] !== 0) throw new MalformedMessage('OPT twice, elsewhere, or with a name');
  for (let option = record.data; option < record.end;) {
    if (option + 4 > record.end) throw new MalformedMessage('an option runs over the end');
    option += 4 + message.readUInt16BE(option + 2);
    if (option > record.end) throw new MalformedMessage('an option runs over the end');
  }
  return { payloadOctets: record.class, version: message[record.head + 5]!, dnssecOk: (message[record.head + 6]! & 0x80) !== 0 };
};

const serialOf = (message: Buffer, record: RecordHead): number => {
  const names = readName(message, readName(message, record.data).next).next;
  if (record.class !== CLASS.IN || names + 20 !== record.end) throw new MalformedMessage('the SOA of the client');
  return message.readUInt32BE(names);
};
