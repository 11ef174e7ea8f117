/** Names of addresses: RFC 1035 section 3.5 (in-addr.arpa), RFC 3596 section 2.5 (ip6.arpa). */
import { parseRecord } from '@weft/dns';

/**
 * `10.2.3.4` -> `4.3.2.10.in-addr.arpa.`; `fd42::1` -> 32 nibbles and `ip6.arpa.`
 * @param address without prefix length @throws DnsInputError when it is no address
 */
export function reverseName(address: string): string {
  const ipv6 = address.includes(':');
  const octets = [...parseRecord(ipv6 ? 'AAAA' : 'A', address).rdata].map((octet) => octet.charCodeAt(0));
  const labels = ipv6 ? [...octets.map((octet) => octet.toString(16).padStart(2, '0')).join('')] : octets.map(String);
  return `${labels.reverse().join('.')}.${ipv6 ? 'ip6' : 'in-addr'}.arpa.`;
}

/** The address that a whole reverse name (a key) stands for; undefined for a prefix, and for any other name. */
export function addressOfReverseName(key: string): string | undefined {
  const ipv4 = /^((?:\d{1,3}\.){4})in-addr\.arpa\.$/.exec(key)?.[1];
  if (ipv4 !== undefined) {
    const octets = ipv4.split('.').slice(0, 4).reverse();
    return octets.every((octet) => Number(octet) < 256 && String(Number(octet)) === octet) ? octets.join('.') : undefined;
  }
  const nibbles = /^((?:[0-9a-f]\.){32})ip6\.arpa\.$/.exec(key)?.[1];
  return nibbles?.split('.').reverse().join('').match(/.{4}/g)?.join(':');
}
