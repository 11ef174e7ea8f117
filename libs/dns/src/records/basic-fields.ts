import { isIPv4, isIPv6 } from 'node:net';
import { DnsInputError } from '../errors';
import { type Name, parseName, renderName } from '../names/name';
import { badField, type FieldCodec, uintOctets } from './field';
import { octetsOf, quoted } from './tokens';

export const uint = (size: 1 | 2 | 4): FieldCodec => ({
  parse: (words) => {
    const text = words.word();
    const value = Number(text);
    if (!/^[0-9]{1,10}$/.test(text) || value >= 256 ** size) badField(`"${text}" is no whole number from 0 to ${256 ** size - 1}`);
    return uintOctets(value, size);
  },
  render: (octets) => String(octets.uint(size)),
});

/** An absolute name. Without the final dot nobody can tell whether the zone's name is meant to follow. */
export const name: FieldCodec = {
  parse: (words) => {
    const text = words.word();
    if (text === '@') throw new DnsInputError('name.relative', 'write the full name of the zone with a final dot instead of "@"');
    const octets = parseName(text);
    const endsWithDot = /(^|[^\\])(\\\\)*\.$/.test(text);
    if (!endsWithDot) throw new DnsInputError('name.relative', `"${text}" is relative: write the full name and end it with a dot, as in "${text}."`);
    return octets;
  },
  render: (octets) => renderName(octets.name() as Name),
};

export const ipv4: FieldCodec = {
  parse: (words) => {
    const text = words.word();
    if (!isIPv4(text)) badField(`"${text}" is no IPv4 address`);
    return text
      .split('.')
      .map((part) => String.fromCharCode(Number(part)))
      .join('');
  },
  render: (octets) => [...octets.take(4)].map((octet) => octet.charCodeAt(0)).join('.'),
};

/** The eight groups of an IPv6 address, also of one that ends as IPv4 does. */
const groupsOf = (text: string): number[] => {
  const tail = /:(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain = tail ? text.slice(0, tail.index + 1) + ipv4Groups(tail.slice(1).map(Number)) : text;
  const [head = '', rest] = plain.split('::');
  const parse = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const left = parse(head);
  if (rest === undefined) return left;
  const right = parse(rest);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
};

const ipv4Groups = ([a = 0, b = 0, c = 0, d = 0]: number[]): string => `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;

export const ipv6Octets = (text: string): string => {
  if (!isIPv6(text) || text.includes('%')) badField(`"${text}" is no IPv6 address`);
  return groupsOf(text)
    .map((group) => uintOctets(group, 2))
    .join('');
};

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
export const renderIpv6 = (octets: string): string => {
  const groups = Array.from({ length: 8 }, (_, index) => octets.charCodeAt(index * 2) * 256 + octets.charCodeAt(index * 2 + 1));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
};

export const ipv6: FieldCodec = {
  parse: (words) => ipv6Octets(words.word()),
  render: (octets) => renderIpv6(octets.take(16)),
};

const charString = (octets: string): string => {
  if (octets.length > 255) badField(`the string has ${octets.length} octets; 255 are allowed`);
  return String.fromCharCode(octets.length) + octets;
};

/** A character-string (RFC 1035 section 3.3). */
export const string: FieldCodec = {
  parse: (words) => charString(octetsOf(words.next().text)),
  render: (octets) => quoted(octets.take(octets.uint(1))),
};

/** One or more character-strings; a longer text is split, as most tools do for long keys in TXT. */
export const strings: FieldCodec = {
  parse: (words) => {
    if (words.left === 0) words.next();
    return words
      .rest()
      .map((word) => octetsOf(word.text))
      .flatMap((octets) => octets.match(/[^]{1,255}/g) ?? [''])
      .map(charString)
      .join('');
  },
  render: (octets) => {
    const texts: string[] = [];
    do texts.push(string.render(octets));
    while (octets.left > 0);
    return texts.join(' ');
  },
};

/** The rest of the data as one quoted text without a length. */
export const text = (options: { emptyAllowed: boolean }): FieldCodec => {
  const check = (octets: string): string => (octets === '' && !options.emptyAllowed ? badField('it is empty') : octets);
  return { parse: (words) => check(octetsOf(words.next().text)), render: (octets) => quoted(check(octets.rest())) };
};

const restOf = (encoding: 'hex' | 'base64', pattern: RegExp): FieldCodec => ({
  parse: (words) => {
    if (words.left === 0) words.next();
    const digits = words
      .rest()
      .map((word) => word.text)
      .join('');
    if (!pattern.test(digits)) badField(`"${digits}" is no ${encoding === 'hex' ? 'even number of hexadecimal digits' : 'base64'}`);
    return Buffer.from(digits, encoding).toString('latin1');
  },
  render: (octets) => {
    const rest = octets.rest();
    if (rest === '') badField('it is empty');
    const digits = Buffer.from(rest, 'latin1').toString(encoding);
    return encoding === 'hex' ? digits.toUpperCase() : digits;
  },
});

/** The rest of the data, at least one octet. */
export const hex = restOf('hex', /^([0-9A-Fa-f]{2})+$/);
/** The rest of the data, at least one octet. */
export const base64 = restOf('base64', /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/);

/** EUI-48 and EUI-64: pairs of digits with dashes (RFC 7043). */
export const eui = (size: 6 | 8): FieldCodec => ({
  parse: (words) => {
    const address = words.word();
    if (!new RegExp(`^([0-9A-Fa-f]{2}-){${size - 1}}[0-9A-Fa-f]{2}$`).test(address)) badField(`"${address}" is no EUI-${size * 8} like 00-00-5e-...`);
    return Buffer.from(address.replaceAll('-', ''), 'hex').toString('latin1');
  },
  render: (octets) => Buffer.from(octets.take(size), 'latin1').toString('hex').match(/../g)!.join('-'),
});
