import { DEFAULT_DNS_DOMAIN } from '@weft/contracts';
import type { Queryable } from './find-zones';

/** What this service knows of one name, for guests of one network. */
export interface GuestView {
  /** What names of the network's instances end with. */
  domain: string;
  /** Addresses of the uplink's name servers. */
  nameServers: string[];
  /** Those of the names asked for that are zones which the network's project sees. */
  zones: string[];
  /** Of the instance of that name on the network; none when there is no such instance. */
  addresses: string[];
  /** Name of the instance on the network that has the address asked for. */
  pointer: string | null;
}

/**
 * @param asked `instance`: what may be the name of an instance, lower case; `address`: what a reverse name stands for; `names`:
 * keys that zones may have. @returns undefined when there is no such network
 */
export async function findGuestView(
  db: Queryable,
  networkId: string,
  asked: { instance: string | null; address: string | null; names: readonly string[] },
): Promise<GuestView | undefined> {
  const { rows } = await db.query<GuestView>({
    name: 'find_guest_view',
    text: QUERY,
    values: [networkId, DEFAULT_DNS_DOMAIN, asked.instance, asked.address, asked.names],
  });
  return rows[0];
}

/** Uplinks are networks of the project `default`. */
const QUERY = `
SELECT lower(coalesce(n.config ->> 'dns.domain', $2)) AS domain,
  string_to_array(replace(coalesce((SELECT u.config ->> 'dns.nameservers' FROM network u
    WHERE u.project = 'default' AND u.name = n.config ->> 'network'), ''), ' ', ''), ',') AS "nameServers",
  ARRAY(SELECT z.key FROM zone z WHERE z.key = ANY ($5) AND (z.project = (SELECT p.zones_project FROM project p WHERE p.name = n.project LIMIT 1)
    OR EXISTS (SELECT FROM network_zone_use use WHERE use.network_id = n.id AND use.zone = z.key))) AS zones,
  ARRAY(SELECT host(address) FROM port p, unnest(p.addresses) address WHERE p.network_id = n.id AND lower(p.instance_name) = $3) AS addresses,
  (SELECT lower(p.instance_name) FROM port p WHERE p.network_id = n.id AND p.addresses @> ARRAY[$4::inet] LIMIT 1) AS pointer
FROM network n WHERE n.id = $1`;
