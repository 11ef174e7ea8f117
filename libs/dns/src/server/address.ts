import { isIPv6 } from 'node:net';
import { ipv6Octets, renderIpv6 } from '../records/basic-fields';

const MAPPED = '\0'.repeat(10) + '\xff\xff';

/** One text for each address: `::ffff:10.0.0.1` is 10.0.0.1, IPv6 as in RFC 5952, no scope. */
export const canonicalAddress = (address: string): string => {
  const text = address.replace(/%.*$/, '');
  if (!isIPv6(text)) return text;
  const octets = ipv6Octets(text);
  if (octets.startsWith(MAPPED)) return [...octets.slice(12)].map((octet) => octet.charCodeAt(0)).join('.');
  return renderIpv6(octets);
};

/** The /24 or /56 that an address belongs to. */
export const sourceNetwork = (address: string): string => {
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'));
  const canonical = canonicalAddress(address);
  return canonical.includes(':') ? ipv6Octets(canonical).slice(0, 7) : sourceNetwork(canonical);
};
