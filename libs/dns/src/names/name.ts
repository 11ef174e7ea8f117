/**
 * Domain names (RFC 1035 section 3.1, RFC 4343).
 *
 *   text   www.Lab.example.        what people write; \. and \DDD escape (RFC 1035 section 5.1)
 *   Name   \3www\3Lab\7example\0   one character per octet of the wire form, without compression; case preserved
 *   key    \3www\3lab\7example\0   a Name in lower case: equal keys are equal names
 *
 * Strings of octets are compact, can be compared and hashed, and need no escaping inside the program.
 */
import { DnsInputError } from '../errors';

/** A domain name in wire form, one character (0 to 255) per octet, the root's zero octet included. Case is preserved. */
export type Name = string & { readonly form: 'Name' };
/** A `Name` in lower case, for comparison and look-up. */
export type NameKey = Name & { readonly letters: 'lower' };

/** Octets of a name, RFC 1035 section 2.3.4. */
export const MAX_NAME_OCTETS = 255;
export const MAX_LABEL_OCTETS = 63;
export const ROOT = '\0' as NameKey;

/** ASCII only: octets above 127 have no case in DNS (RFC 4343 section 3). */
export const nameKey = (name: Name): NameKey => name.replace(/[A-Z]+/g, (upper) => upper.toLowerCase()) as NameKey;

export const sameName = (a: Name, b: Name): boolean => a === b || (a.length === b.length && nameKey(a) === nameKey(b));

/** The name without its first label; of the root, the root. */
export const parentOf = <T extends Name>(name: T): T => (name.length <= 1 ? name : (name.slice(name.charCodeAt(0) + 1) as T));

/** From the name itself up to the root. */
export function* selfAndAncestors<T extends Name>(name: T): Generator<T> {
  let at = name;
  for (; at.length > 1; at = parentOf(at)) yield at;
  yield at;
}

export const labelCount = (name: Name): number => {
  let count = 0;
  for (let at = 0; name.charCodeAt(at) > 0; at += name.charCodeAt(at) + 1) count++;
  return count;
};

/** Is `key` at or below `apexKey`? Both in lower case. */
export const isWithin = (key: NameKey, apexKey: NameKey): boolean => {
  if (!key.endsWith(apexKey)) return false;
  // A suffix of octets is a suffix of labels only when it begins where a label begins.
  let at = 0;
  const start = key.length - apexKey.length;
  while (at < start) at += key.charCodeAt(at) + 1;
  return at === start;
};

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** One octet behind a backslash; `length` is how many characters it took. */
const unescape = (text: string, at: number): { octet: number; length: number } => {
  const code = text.charCodeAt(at);
  if (Number.isNaN(code)) throw new DnsInputError('name.bad-escape', `"${text}" ends with a backslash that escapes nothing`);
  if (!isDigit(code)) return { octet: code, length: 1 };
  const digits = /^[0-9]{3}/.exec(text.slice(at))?.[0];
  if (!digits || Number(digits) > 255) {
    throw new DnsInputError('name.bad-escape', `"${text}": a backslash before a digit needs three digits from 000 to 255`);
  }
  return { octet: Number(digits), length: 3 };
};

const checkCharacter = (text: string, code: number): void => {
  if (code > 126) {
    throw new DnsInputError('name.not-ascii', `"${text}" has characters outside of ASCII; write internationalized names as A-labels (xn--...)`);
  }
  if (code <= 32) throw new DnsInputError('name.bad-character', `"${text}" has a blank or control character; escape it as \\DDD if it is meant`);
};

/** The labels of a text, as octets, and whether it ends with the root's dot. */
const splitLabels = (text: string): { labels: string[]; absolute: boolean } => {
  const labels: string[] = [];
  let label = '';
  let absolute = false;
  const finish = (): void => {
    if (label === '') throw new DnsInputError('name.empty-label', `"${text}" has an empty label (two dots in a row, or a dot at the start)`);
    if (label.length > MAX_LABEL_OCTETS) {
      throw new DnsInputError('name.label-too-long', `"${text}": the label "${label}" has ${label.length} octets; ${MAX_LABEL_OCTETS} are allowed`);
    }
    labels.push(label);
    label = '';
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      finish();
      absolute = at === text.length - 1;
      continue;
    }
    checkCharacter(text, code);
    if (code !== 92) {
      label += text[at];
      continue;
    }
    const escaped = unescape(text, at + 1);
    if (escaped.length === 1) checkCharacter(text, escaped.octet);
    label += String.fromCharCode(escaped.octet);
    at += escaped.length;
  }
  if (!absolute) finish();
  return { labels, absolute };
};

/**
 * A name from text. Without the final dot it is taken as absolute unless `origin` is given, which then is appended.
 * `@` is the origin itself.
 * @throws DnsInputError
 */
export const parseName = (text: string, origin?: Name): Name => {
  if (text === '') throw new DnsInputError('name.empty', 'a name is missing');
  if (text === '.') return ROOT;
  if (text === '@' && origin !== undefined) return origin;
  const { labels, absolute } = splitLabels(text);
  const end = absolute || origin === undefined ? ROOT : origin;
  const name = (labels.map((label) => String.fromCharCode(label.length) + label).join('') + end) as Name;
  if (name.length > MAX_NAME_OCTETS) {
    throw new DnsInputError('name.too-long', `"${text}" makes a name of ${name.length} octets; ${MAX_NAME_OCTETS} are allowed`);
  }
  return name;
};

const renderOctet = (code: number): string => {
  // . \ " ; @ ( ) $ have a meaning in master files
  if (code === 46 || code === 92 || code === 34 || code === 59 || code === 64 || code === 40 || code === 41 || code === 36)
    return `\\${String.fromCharCode(code)}`;
  if (code < 33 || code > 126) return `\\${String(code).padStart(3, '0')}`;
  return String.fromCharCode(code);
};

/** Text with the final dot; `parseName` gives the same name back. */
export const renderName = (name: Name): string => {
  if (name.length <= 1) return '.';
  let text = '';
  for (let at = 0; name.charCodeAt(at) > 0;) {
    const end = at + 1 + name.charCodeAt(at);
    for (at += 1; at < end; at++) text += renderOctet(name.charCodeAt(at));
    text += '.';
  }
  return text;
};
