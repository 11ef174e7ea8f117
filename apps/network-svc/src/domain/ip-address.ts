/**
 * IPv4 and IPv6 addresses, subnets and ranges as numbers (RFC 791, RFC 4291; text of IPv6 as RFC 5952 wants it).
 * Parsers return undefined for what is not one; a subnet's text is `10.0.0.0/24`, an interface's `10.0.0.1/24`.
 */

export type Family = 4 | 6;

export interface IpAddress {
  family: Family;
  value: bigint;
}

/** `first` is the network's own address: host bits are zero. */
export interface Subnet extends Range {
  prefix: number;
}

/** Both ends belong to it. */
export interface Range {
  family: Family;
  first: bigint;
  last: bigint;
}

export const bitsOf = (family: Family): number => (family === 4 ? 32 : 128);

export function parseAddress(text: string): IpAddress | undefined {
  const value = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { family: text.includes(':') ? 6 : 4, value };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...(head ?? []), ...(tail ?? [])];
  const missing = 8 - groups.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const whole = tail === undefined ? groups : [...(head ?? []), ...Array<string>(missing).fill('0'), ...tail];
  return whole.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

export const formatAddress = ({ family, value }: IpAddress): string => (family === 4 ? formatIpv4(value) : formatIpv6(value));

const formatIpv4 = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');

/** The longest run of two or more zero groups becomes `::`; the first of equals (RFC 5952, 4.2). */
function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => (value >> BigInt(112 - at * 16)) & 0xffffn);
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0n) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.at < 0) return hex.join(':');
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`;
}

/** An interface's address with its subnet: `10.0.0.1/24`. */
export function parseInterface(text: string): { address: IpAddress; subnet: Subnet } | undefined {
  const [ip = '', prefixText = '', ...rest] = text.split('/');
  const address = parseAddress(ip);
  if (!address || rest.length > 0 || !/^\d{1,3}$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  return prefix > bitsOf(address.family) ? undefined : { address, subnet: subnetOf(address, prefix) };
}

/** A subnet proper: host bits must be zero. */
export function parseSubnet(text: string): Subnet | undefined {
  const parsed = parseInterface(text);
  return parsed && parsed.address.value === parsed.subnet.first ? parsed.subnet : undefined;
}

export function subnetOf({ family, value }: IpAddress, prefix: number): Subnet {
  const hostBits = BigInt(bitsOf(family) - prefix);
  const first = (value >> hostBits) << hostBits;
  return { family, prefix, first, last: first + (1n << hostBits) - 1n };
}

export const hostSubnet = (address: IpAddress): Subnet => subnetOf(address, bitsOf(address.family));

export const formatSubnet = ({ family, first, prefix }: Subnet): string => `${formatAddress({ family, value: first })}/${prefix}`;

/** `10.0.0.2-10.0.0.9` or one address. */
export function parseRange(text: string): Range | undefined {
  const [low = '', high = low, ...rest] = text.split('-').map((part) => part.trim());
  const from = parseAddress(low);
  const to = parseAddress(high);
  if (!from || !to || rest.length > 0 || from.family !== to.family || from.value > to.value) return undefined;
  return { family: from.family, first: from.value, last: to.value };
}

/** A list with commas between; undefined when one of them is wrong. Empty text is the empty list. */
export function parseList<T>(text: string | undefined, parse: (one: string) => T | undefined): T[] | undefined {
  const parts = (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parse);
  return parts.every((part): part is T => part !== undefined) ? parts : undefined;
}

export const includes = (outer: Range, inner: Range): boolean => outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
export const contains = (range: Range, { family, value }: IpAddress): boolean => includes(range, { family, first: value, last: value });
export const overlaps = (a: Range, b: Range): boolean => a.family === b.family && a.first <= b.last && b.first <= a.last;

/** For use inside of an organisation (RFC 1918), of a provider (RFC 6598), or unique local (RFC 4193): nothing outside routes them. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'].map((text) => parseSubnet(text)!);
export const isPrivate = (range: Range): boolean => PRIVATE.some((one) => includes(one, range));

/** The interface identifier that a MAC gives (RFC 4291, appendix A), in a /64. */
export function eui64(subnet: Subnet, mac: string): IpAddress {
  const bytes = mac.split(':').map((byte) => BigInt(`0x${byte}`));
  const whole = [bytes[0]! ^ 2n, bytes[1]!, bytes[2]!, 0xffn, 0xfen, bytes[3]!, bytes[4]!, bytes[5]!];
  return { family: 6, value: subnet.first | whole.reduce((value, byte) => (value << 8n) | byte, 0n) };
}

export const isMac = (text: string): boolean => /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text);

/** The lowest address of the ranges that is not taken; undefined when there is none. Ranges are tried in their order. */
export function firstFree(ranges: readonly Range[], taken: readonly IpAddress[]): IpAddress | undefined {
  for (const { family, first, last } of ranges) {
    const used = new Set(taken.filter((one) => one.family === family && one.value >= first && one.value <= last).map(({ value }) => value));
    for (let value = first; value <= last; value++) if (!used.has(value)) return { family, value };
  }
  return undefined;
}
