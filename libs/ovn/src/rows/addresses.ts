import { IPv4, IPv6, parse, parseCIDR } from 'ipaddr.js';

export type Family = 4 | 6;
export const FAMILIES: readonly Family[] = [4, 6];

/** Of an address or subnet. */
export const familyOf = (text: string): Family => (text.includes(':') ? 6 : 4);

/** `10.0.0.1/24` -> `10.0.0.1` */
export const withoutLength = (text: string): string => text.split('/')[0]!;

/** `10.0.0.1/24` -> `10.0.0.0/24` */
export function subnetOf(text: string): string {
  const [, length] = parseCIDR(text);
  const network = familyOf(text) === 4 ? IPv4.networkAddressFromCIDR(text) : IPv6.networkAddressFromCIDR(text);
  return `${network.toString()}/${length}`;
}

/** `10.0.0.1` -> `10.0.0.1/32` */
export const hostSubnet = (address: string): string => `${address}/${familyOf(address) === 4 ? 32 : 128}`;

/** How many addresses a subnet may have of which each is answered for by itself. */
const MAX_PROXIED_ADDRESSES = 64;

/**
 * All addresses of a small subnet; none of one that has more than MAX_PROXIED_ADDRESSES, which whoever makes the model refuses: one
 * thing that cannot be written must not keep everything else from being written.
 */
export function addressesOf(subnet: string): string[] {
  const [first, length] = parseCIDR(subnet);
  const count = 2 ** (first.toByteArray().length * 8 - length);
  if (count > MAX_PROXIED_ADDRESSES) return [];
  const bytes = first.toByteArray();
  return Array.from({ length: count }, (_, index) => {
    const next = [...bytes];
    next[next.length - 1]! += index;
    return (next.length === 4 ? new IPv4(next) : new IPv6(next)).toString();
  });
}

/** In the notation that OVN itself uses. */
export const canonical = (address: string): string => parse(address).toString();
