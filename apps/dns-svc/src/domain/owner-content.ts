/**
 * What a zone has at one name (its owner). A zone's content is the union over its owners, so that a change computes the
 * few that it touches, however large the zone is. Pure; never refuses: what users write was checked before, and an
 * instance whose name is taken by an alias (CNAME) cannot be published, because nothing may stand beside one.
 */
import type { ZoneResourceRecord } from '@weft/contracts';
import { nameServersOf, contactOf } from './zone.config-keys';
import { DEFAULT_TTL_SECONDS } from './zone-record.entries';

export interface OwnerSources {
  /** The zone's own records: name servers, at the apex only. */
  own: readonly ZoneResourceRecord[];
  custom: readonly ZoneResourceRecord[];
  /** Of instances and networks. */
  generated: readonly ZoneResourceRecord[];
}

/** RFC 1035 section 3.3.13; the numbers are LXD's. */
export const SOA_SECONDS = { refresh: 120, retry: 60, expire: 86_400, minimum: 30, ttl: 3_600 } as const;

/**
 * A zone without a name server is refused by most secondaries. This name says that nobody serves it: RFC 6761 section 6.3
 * answers it without asking, and response policy zones use it in the same way.
 */
const NO_NAME_SERVER = 'localhost.';

const isAlias = ({ type }: ZoneResourceRecord): boolean => type === 'CNAME';

/** Sorted; one TTL and one spelling of the name per type (RFC 2181 section 5.2); no duplicates. */
export function ownerContent({ own, custom, generated }: OwnerSources): ZoneResourceRecord[] {
  const records = custom.some(isAlias) ? custom : [...own, ...custom, ...generated];
  const name = records[0]?.name ?? '';
  const ttls = new Map<string, number>();
  for (const { type, ttl } of records) ttls.set(type, Math.min(ttls.get(type) ?? ttl, ttl));
  const distinct = new Map(records.map(({ type, value }) => [`${type} ${value}`, { name, ttl: ttls.get(type)!, type, value }]));
  return [...distinct.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}

/** `zone`: the absolute name. @throws DnsInputError for name servers that `checkZoneConfig` has not seen */
export function apexOf(zone: string, config: Readonly<Record<string, string>>): { primary: string; contact: string; own: ZoneResourceRecord[] } {
  const names = nameServersOf(config['dns.nameservers']);
  const servers = names.length > 0 ? names : [NO_NAME_SERVER];
  return {
    primary: servers[0]!,
    contact: config['dns.contact'] ? contactOf(config['dns.contact']) : `hostmaster.${zone}`,
    own: servers.map((value) => ({ name: zone, ttl: DEFAULT_TTL_SECONDS, type: 'NS', value })),
  };
}
