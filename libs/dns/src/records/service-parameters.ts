/** Parameters of SVCB and HTTPS (RFC 9460 sections 2.1, 2.2, 7 and 8): key=value words, in wire form sorted by key. */
import { ipv4, ipv6Octets, renderIpv6 } from './basic-fields';
import { badField, type FieldCodec, Octets, uintOctets, Words } from './field';
import { octetsOf, quoted } from './tokens';

const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint'] as const;
const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;

const keyNumber = (key: string): number => {
  const known = KEYS.findIndex((name) => name === key);
  if (known >= 0) return known;
  const number = /^key(0|[1-9][0-9]{0,4})$/.exec(key)?.[1];
  if (number === undefined || Number(number) > 65_534) badField(`"${key}" is no parameter; those without a name are written key<number>`);
  return Number(number);
};

const keyName = (key: number): string => KEYS[key] ?? `key${key}`;

/** Items between commas; `\,` and `\\` stand for themselves (RFC 9460 appendix A.1). */
const items = (value: string): string[] => {
  const list: string[] = [''];
  for (let at = 0; at < value.length; at++) {
    if (value[at] === ',') list.push('');
    else list[list.length - 1] += value[at] === '\\' ? (value[++at] ?? badField('the list ends with a backslash')) : value[at]!;
  }
  return list.some((item) => item === '') ? badField('the list has an empty item') : list;
};

const single = (codec: FieldCodec, text: string): string => codec.parse(new Words([{ text, quoted: false }]));

const port = (text: string): string => (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535 ? uintOctets(Number(text), 2) : badField(`"${text}" is no port`));

const parseMandatory = (value: string): string => {
  const keys = items(value)
    .map(keyNumber)
    .sort((a, b) => a - b);
  return keys.map((key) => uintOctets(key, 2)).join('');
};

const parseAlpn = (value: string): string =>
  items(value)
    .map((id) => (id.length > 255 ? badField('a protocol id is longer than 255 octets') : String.fromCharCode(id.length) + id))
    .join('');

/** By key number; keys beyond take their octets as they are. */
const PARSERS: readonly ((value: string) => string)[] = [
  parseMandatory,
  parseAlpn,
  (value) => (value === '' ? '' : badField('no-default-alpn has no value')),
  port,
  (value) =>
    items(value)
      .map((address) => single(ipv4, address))
      .join(''),
  (value) => (/^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64').toString('latin1') : badField('ech is no base64')),
  (value) => items(value).map(ipv6Octets).join(''),
];

const list = (octets: Octets, read: () => string): string => {
  const found: string[] = [];
  while (octets.left > 0) found.push(read());
  return found.length > 0 ? found.join(',') : badField('the list is empty');
};

const renderAlpnId = (octets: Octets): string => {
  const id = octets.take(octets.uint(1));
  return id === '' ? badField('a protocol id is empty') : id.replace(/[\\,]/g, '\\$&');
};

const RENDERERS: readonly ((octets: Octets) => string)[] = [
  (octets) => list(octets, () => keyName(octets.uint(2))),
  (octets) => list(octets, () => renderAlpnId(octets)),
  () => '',
  (octets) => String(octets.uint(2)),
  (octets) => list(octets, () => ipv4.render(octets)),
  (octets) => (octets.left > 0 ? Buffer.from(octets.rest(), 'latin1').toString('base64') : badField('ech is empty')),
  (octets) => list(octets, () => renderIpv6(octets.take(16))),
];

const check = (parameters: ReadonlyMap<number, string>): void => {
  if (parameters.has(NO_DEFAULT_ALPN) && !parameters.has(ALPN)) badField('no-default-alpn needs alpn');
  const mandatory = parameters.get(MANDATORY);
  if (mandatory === undefined) return;
  const keys = new Octets(mandatory);
  const seen = new Set<number>();
  while (keys.left > 0) {
    const key = keys.uint(2);
    if (key === MANDATORY || seen.has(key) || !parameters.has(key)) badField(`mandatory names ${keyName(key)}, which is twice there, itself, or missing`);
    seen.add(key);
  }
};

const parseParameter = (text: string): [number, string] => {
  const equals = text.indexOf('=');
  const key = keyNumber((equals < 0 ? text : text.slice(0, equals)).toLowerCase());
  const raw = equals < 0 ? '' : text.slice(equals + 1);
  const value = octetsOf(/^".*"$/.test(raw) ? raw.slice(1, -1) : raw);
  const parser = PARSERS[key];
  if (equals < 0 && parser && key !== NO_DEFAULT_ALPN) badField(`${keyName(key)} needs a value`);
  return [key, parser ? parser(value) : value];
};

export const serviceParameters: FieldCodec = {
  optional: true,
  parse: (words) => {
    const parameters = new Map<number, string>();
    while (words.left > 0) {
      const [key, octets] = parseParameter(words.word());
      if (parameters.has(key)) badField(`${keyName(key)} is there twice`);
      parameters.set(key, octets);
    }
    check(parameters);
    return [...parameters]
      .sort(([a], [b]) => a - b)
      .map(([key, value]) => uintOctets(key, 2) + uintOctets(value.length, 2) + value)
      .join('');
  },
  render: (octets) => {
    const parameters = new Map<number, string>();
    const words: string[] = [];
    let last = -1;
    while (octets.left > 0) {
      const key = octets.uint(2);
      if (key <= last || key === 65_535) badField('the parameters are not in ascending order');
      last = key;
      const value = octets.take(octets.uint(2));
      parameters.set(key, value);
      words.push(renderParameter(key, value));
    }
    check(parameters);
    return words.join(' ');
  },
};

const renderParameter = (key: number, value: string): string => {
  const octets = new Octets(value);
  const renderer = RENDERERS[key];
  const text = renderer ? renderer(octets) : octets.rest();
  if (octets.left > 0) badField(`${keyName(key)} has octets too many`);
  if (text === '') return keyName(key);
  return `${keyName(key)}=${/^[A-Za-z0-9.:,/+=-]+$/.test(text) ? text : quoted(text)}`;
};
