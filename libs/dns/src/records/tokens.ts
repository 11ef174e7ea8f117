/** Words of a record's value as master files have them (RFC 1035 section 5.1), on one line. */
import { DnsInputError } from '../errors';

export interface Token {
  /** As written, quotes removed when the whole word is quoted; escapes are still in it. */
  readonly text: string;
  readonly quoted: boolean;
}

const syntax = (message: string): never => {
  throw new DnsInputError('value.syntax', message);
};

const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Position behind the quote that closes the one at `start`. */
const endOfQuoted = (value: string, start: number): number => {
  for (let at = start + 1; at < value.length; at++) {
    if (value[at] === '\\') at++;
    else if (value[at] === '"') return at + 1;
  }
  return syntax('a quotation mark is not closed');
};

const endOfWord = (value: string, start: number): number => {
  let at = start;
  while (at < value.length && value[at] !== ' ' && value[at] !== '\t') {
    const character = value[at];
    if (character === ';') syntax('a semicolon begins a comment, which a value cannot have: quote the text or write \\;');
    if (character === '(' || character === ')') syntax('parentheses are for master files: write the value on one line without them');
    if (character === '\\') at += 2;
    else at = character === '"' ? endOfQuoted(value, at) : at + 1;
  }
  return Math.min(at, value.length);
};

/** @throws DnsInputError `value.syntax` */
export const tokenize = (value: string): Token[] => {
  if (CONTROL.test(value)) syntax('the value has a line break or another control character; write it as \\DDD if it is meant');
  const tokens: Token[] = [];
  for (let at = 0; at < value.length;) {
    if (value[at] === ' ' || value[at] === '\t') {
      at++;
      continue;
    }
    const quotedEnd = value[at] === '"' ? endOfQuoted(value, at) : undefined;
    const wholeQuoted = quotedEnd !== undefined && (quotedEnd === value.length || ' \t'.includes(value[quotedEnd]!));
    const end = wholeQuoted ? quotedEnd : endOfWord(value, at);
    tokens.push(wholeQuoted ? { text: value.slice(at + 1, end - 1), quoted: true } : { text: value.slice(at, end), quoted: false });
    at = end;
  }
  return tokens;
};

const utf8 = (character: string): string => (character.charCodeAt(0) < 128 ? character : Buffer.from(character, 'utf8').toString('latin1'));

/** The octets that a word means: escapes undone, characters outside of ASCII as UTF-8. One character per octet. */
export const octetsOf = (text: string): string => {
  let octets = '';
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (character !== '\\') {
      const whole = String.fromCodePoint(text.codePointAt(at)!);
      octets += utf8(whole);
      at += whole.length;
      continue;
    }
    const digits = /^[0-9]{1,3}/.exec(text.slice(at + 1))?.[0];
    if (digits === undefined) {
      if (at + 1 >= text.length) syntax('the text ends with a backslash that escapes nothing');
      const escaped = String.fromCodePoint(text.codePointAt(at + 1)!);
      octets += utf8(escaped);
      at += 1 + escaped.length;
      continue;
    }
    if (digits.length < 3 || Number(digits) > 255) syntax('a backslash before a digit needs three digits from 000 to 255');
    octets += String.fromCharCode(Number(digits));
    at += 4;
  }
  return octets;
};

/** A quoted text that `octetsOf` turns back into the same octets. */
export const quoted = (octets: string): string => {
  let text = '"';
  for (const character of octets) {
    const code = character.charCodeAt(0);
    if (character === '"' || character === '\\') text += `\\${character}`;
    else if (code < 32 || code > 126) text += `\\${String(code).padStart(3, '0')}`;
    else text += character;
  }
  return `${text}"`;
};
