/** Record values: text <-> data (RFC 1035 section 5, RFC 3597 section 5, and the RFC of each type). */
import { DnsInputError } from '../errors';
import type { Rdata } from '../zone/zone-record';
import { badField, Octets, Words } from './field';
import { recordFormat, type RecordFormat } from './record-formats';
import { recordType, recordTypeName, TYPE } from './record-type';
import { tokenize } from './tokens';

export interface ParsedRecord {
  readonly type: number;
  readonly rdata: Rdata;
  /** The canonical text of the value: equal texts are equal data. */
  readonly value: string;
}

/** A signed transfer must fit it into one message of 65,535 octets, together with names, question and signature. */
export const MAX_RDATA_OCTETS = 64_000;

const SIGNATURES = new Set(['SIG', 'KEY', 'RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM'].map(recordType));
/** Types that name servers know and check, while we do not: what we let through might break a transfer. */
const assignedWithoutFormat = (type: number): boolean => type < 128 || (type > 255 && type < 265) || type === 32_768 || type === 32_769;

/** @throws DnsInputError when records of this type cannot be in a zone because a user put them there. */
const checkType = (type: number): void => {
  const shown = recordTypeName(type);
  if (type === TYPE.SOA) throw new DnsInputError('type.made-by-the-zone', 'the SOA record is made from the configuration of the zone');
  if (type === 0 || type === TYPE.OPT || (type > 127 && type < 256) || type === 65_535) {
    throw new DnsInputError('type.not-data', `${shown} is a type of queries and messages, not of records`);
  }
  if (SIGNATURES.has(type)) throw new DnsInputError('type.made-by-the-zone', `${shown} records come from signing a zone; they cannot be written by hand`);
  if (!recordFormat(type) && assignedWithoutFormat(type)) throw new DnsInputError('type.unknown', `${shown} records are not supported`);
};

const inField = <T>(type: number, field: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    if (error instanceof DnsInputError) throw new DnsInputError(error.problem, `${recordTypeName(type)}: ${field}: ${error.message}`);
    throw error;
  }
};

const parseFields = (type: number, format: RecordFormat, words: Words): string => {
  let rdata = '';
  for (const { name, codec } of format.fields) {
    if (!(codec.optional && words.left === 0)) rdata += inField(type, name, () => codec.parse(words));
  }
  const extra = words.peek();
  if (extra) throw new DnsInputError('value.extra-field', `${recordTypeName(type)}: "${extra.text}" is more than the record has fields`);
  return rdata;
};

/** \# length hex... (RFC 3597 section 5) */
const parseGeneric = (type: number, words: Words): string =>
  inField(type, 'data', () => {
    words.next();
    const length = Number(/^[0-9]{1,5}$/.exec(words.word())?.[0] ?? badField('after \\# the number of octets is expected'));
    const digits = words
      .rest()
      .map((word) => word.text)
      .join('');
    if (!/^([0-9A-Fa-f]{2})*$/.test(digits)) badField('the data is no even number of hexadecimal digits');
    if (digits.length / 2 !== length) badField(`${length} octets are announced and ${digits.length / 2} are there`);
    return Buffer.from(digits, 'hex').toString('latin1');
  });

/**
 * The text of a record's data: canonical, absolute names with their final dot.
 * @throws DnsInputError for data that name servers would refuse.
 */
export const renderRdata = (type: number, rdata: Rdata): string => {
  const format = recordFormat(type);
  if (!format) return `\\# ${rdata.length}${rdata.length > 0 ? ` ${Buffer.from(rdata, 'latin1').toString('hex').toUpperCase()}` : ''}`;
  const octets = new Octets(rdata);
  const words = format.fields.flatMap(({ name, codec }) => (codec.optional && octets.left === 0 ? [] : [inField(type, name, () => codec.render(octets))]));
  inField(type, 'data', () => {
    if (octets.left > 0) badField(`${octets.left} octets are too many`);
    format.whole?.(rdata);
  });
  return words.join(' ');
};

/**
 * A record's value as a user writes it, checked so that no secondary can refuse it.
 * @param typeName "MX", "mx" or "TYPE15"
 * @param value one line; names are absolute, with their final dot; `\# length hex` works for every type
 * @throws DnsInputError
 */
export const parseRecord = (typeName: string, value: string): ParsedRecord => {
  const type = recordType(typeName);
  checkType(type);
  const words = new Words(tokenize(value));
  const generic = words.peek()?.text === '\\#' && !words.peek()?.quoted;
  const format = recordFormat(type);
  if (!generic && !format) throw new DnsInputError('value.syntax', `the value of ${recordTypeName(type)} records is written \\# length hex (RFC 3597)`);
  const rdata = (generic ? parseGeneric(type, words) : parseFields(type, format!, words)) as Rdata;
  if (rdata.length > MAX_RDATA_OCTETS) throw new DnsInputError('value.too-long', `the data has ${rdata.length} octets; ${MAX_RDATA_OCTETS} are allowed`);
  // Rendering checks what parsing alone does not, and the generic form of known types.
  return { type, rdata, value: renderRdata(type, rdata) };
};

/** @throws DnsInputError for what is no TTL: a whole number from 0 to 2^31 - 1 (RFC 2181 section 8). */
export const checkTtl = (seconds: number): number => {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds < 2 ** 31) return seconds;
  throw new DnsInputError('value.bad-field', `a TTL is a whole number of seconds from 0 to ${2 ** 31 - 1}, not ${seconds}`);
};
