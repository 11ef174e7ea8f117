/**
 * Names of zones. LXD takes anything that does not begin with a slash; here it must also be a domain name, because a
 * zone whose name no message can carry can never be served. Slashes inside of labels are fine (RFC 2317).
 */
import { WeftError, type ZoneKind } from '@weft/contracts';
import { DnsInputError, nameKey, parseName, renderName, type Name } from '@weft/dns';

/** Equal keys are equal names: absolute, in lower case, as text. What rows, look-ups and comparisons use. */
export const nameKeyText = (name: Name): string => renderName(nameKey(name));

/** @throws WeftError `network-zone.invalid` */
export function parseZoneName(text: string): Name {
  if (text === '') throw new WeftError('network-zone.invalid', 'The zone needs a name, such as "lab.example"');
  if (text.startsWith('/')) throw new WeftError('network-zone.invalid', `Invalid zone name "${text}": it cannot begin with "/"`);
  if (text === '.' || text === '@') throw new WeftError('network-zone.invalid', `Invalid zone name "${text}": the root of all names cannot be a zone here`);
  if (text.endsWith('.')) throw new WeftError('network-zone.invalid', `Invalid zone name "${text}": leave out the final dot`);
  try {
    return parseName(text);
  } catch (error) {
    if (error instanceof DnsInputError) throw new WeftError('network-zone.invalid', `Invalid zone name "${text}": ${error.message}`, { cause: error });
    throw error;
  }
}

/** The key of a zone that somebody names; undefined when that cannot be the name of a zone. */
export function zoneKeyOf(text: string): string | undefined {
  try {
    return nameKeyText(parseName(text));
  } catch (error) {
    if (error instanceof DnsInputError) return undefined;
    throw error;
  }
}

/** By the end of the name, as LXD tells them apart. */
export function zoneKind(key: string): ZoneKind {
  if (key.endsWith('.in-addr.arpa.') || key === 'in-addr.arpa.') return 'ipv4';
  return key.endsWith('.ip6.arpa.') || key === 'ip6.arpa.' ? 'ipv6' : 'forward';
}

export const KIND_WORDS: Readonly<Record<ZoneKind, string>> = {
  forward: 'a forward zone',
  ipv4: 'a reverse zone of IPv4 addresses (….in-addr.arpa)',
  ipv6: 'a reverse zone of IPv6 addresses (….ip6.arpa)',
};

/** Whether `owner` (a key) is at or below the zone `apex` (a key). */
export const isInZone = (owner: string, apex: string): boolean => owner === apex || owner.endsWith(`.${apex}`);
