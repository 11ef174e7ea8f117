import { isTrue, WeftError } from '@weft/contracts';
import type { NetworkFacts, UplinkFacts } from '../domain/network.facts';
import { DEFAULT_PROJECT } from '../domain/network.state';
import { automaticSubnets, externalRanges, networkSubnets } from '../domain/network.settle';
import { formatAddress, formatSubnet, parseAddress, type Family } from '../domain/ip-address';
import type { Queryable } from './database';
import { findFree, ON_UPLINK } from './free-addresses';

export interface NetworkRow {
  networkId: string;
  project: string;
  name: string;
  number: number;
  type: string;
  uplinkId: string | null;
  config: Record<string, string>;
}

/** Of a `NetworkRow`. */
export const NETWORK_COLUMNS = 'network_id AS "networkId", project, name, number, type, uplink_id AS "uplinkId", config';

export async function findNetwork(db: Queryable, project: string, name: string): Promise<NetworkRow | undefined> {
  const { rows } = await db.query<NetworkRow>({
    name: 'find_network',
    text: `SELECT ${NETWORK_COLUMNS} FROM network WHERE project = $1 AND name = $2`,
    values: [project, name],
  });
  return rows[0];
}

/** Of one that members have told of and that is not made yet. */
export async function pendingNetworkId(db: Queryable, project: string, name: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('SELECT network_id AS id FROM pending_network WHERE project = $1 AND name = $2', [project, name]);
  return rows[0]?.id;
}

/** @throws WeftError `network.not-found`, `network.invalid` when it is not made yet */
export async function requireNetwork(db: Queryable, project: string, name: string): Promise<NetworkRow> {
  const found = await findNetwork(db, project, name);
  if (!found && (await pendingNetworkId(db, project, name)) !== undefined)
    throw new WeftError('network.invalid', 'Specified network is not fully created: create it without "--target" when every member has its part');
  if (!found) throw new WeftError('network.not-found', 'Network not found');
  return found;
}

export async function findNetworksById(db: Queryable, ids: readonly string[]): Promise<Map<string, NetworkRow>> {
  const { rows } = await db.query<NetworkRow>({
    name: 'networks_by_id',
    text: `SELECT ${NETWORK_COLUMNS} FROM network WHERE network_id = ANY($1)`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.networkId, row]));
}

/** Networks whose routers stand on an uplink. */
export async function networksOn(db: Queryable, uplinkId: string): Promise<NetworkRow[]> {
  const { rows } = await db.query<NetworkRow>(`SELECT ${NETWORK_COLUMNS} FROM network WHERE uplink_id = $1 ORDER BY number`, [uplinkId]);
  return rows;
}

export async function nextNumber(db: Queryable, kind: 'network' | 'acl'): Promise<number> {
  const { rows } = await db.query<{ next: number }>('SELECT coalesce(max(number), 0) + 1 AS next FROM used_number WHERE kind = $1', [kind]);
  return rows[0]!.next;
}

/** Something other than its own forwards and pending peers refers to it. */
export async function isNetworkInUse(db: Queryable, networkId: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM network_usage WHERE network_id = $1 LIMIT 1', [networkId]);
  return (rowCount ?? 0) > 0;
}

export async function uplinkById(db: Queryable, id: string | null): Promise<UplinkFacts | undefined> {
  if (id === null) return undefined;
  const row = (await findNetworksById(db, [id])).get(id);
  return row && { id, name: row.name, config: row.config };
}

/** The uplink of that name. @throws WeftError `network.invalid` */
export async function requireUplink(db: Queryable, name: string): Promise<UplinkFacts> {
  const row = await findNetwork(db, DEFAULT_PROJECT, name);
  if (row?.type !== 'physical') throw new WeftError('network.invalid', `Option "network" value "${name}" is not one of the allowed uplink networks in project`);
  return { id: row.networkId, name, config: row.config };
}

const subnetTexts = (config: Readonly<Record<string, string>>): string[] => networkSubnets(config).map(formatSubnet);
const asSubnet = (text: string): string => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);

/** Of the subnets and single addresses that are announced on an uplink, besides those of one network: what overlaps with one of `subnets`. */
export async function announcedOn(
  db: Queryable,
  uplinkId: string,
  exceptNetworkId: string,
  subnets: readonly string[],
): Promise<{ subnet: string; of: string }[]> {
  if (subnets.length === 0) return [];
  const { rows } = await db.query<{ of: string; subnet: string; nat: string | null }>({
    name: 'announced_on',
    text: `WITH asked AS (SELECT subnet FROM unnest($3::inet[]) AS a (subnet))
           SELECT n.name AS of, n.ipv4::text AS subnet, n.config ->> 'ipv4.nat' AS nat FROM asked a JOIN network n ON n.ipv4 && a.subnet
            WHERE n.uplink_id = $1 AND n.network_id <> $2
           UNION ALL SELECT n.name, n.ipv6::text, n.config ->> 'ipv6.nat' FROM asked a JOIN network n ON n.ipv6 && a.subnet
            WHERE n.uplink_id = $1 AND n.network_id <> $2
           UNION ALL SELECT n.name, f.listen::text, NULL FROM asked a JOIN forward f ON f.listen && a.subnet JOIN network n USING (network_id) WHERE n.uplink_id = $1
           UNION ALL SELECT n.name, r.route, NULL FROM port p JOIN network n USING (network_id) CROSS JOIN unnest(p.external_routes) AS r (route)
             JOIN asked a ON r.route::inet && a.subnet WHERE p.external_routes <> '{}' AND n.uplink_id = $1`,
    values: [uplinkId, exceptNetworkId, subnets],
  });
  return rows.filter(({ nat }) => !isTrue(nat ?? undefined)).map(({ of, subnet }) => ({ of, subnet: asSubnet(subnet) }));
}

/** Subnets of networks on an uplink that overlap with one of `subnets`. */
async function occupiedOn(db: Queryable, uplinkId: string, exceptNetworkId: string, subnets: readonly string[]): Promise<string[]> {
  if (subnets.length === 0) return [];
  const { rows } = await db.query<{ subnet: string }>({
    name: 'occupied_on',
    text: `SELECT n.ipv4::text AS subnet FROM unnest($3::inet[]) AS a (subnet) JOIN network n ON n.ipv4 && a.subnet WHERE n.uplink_id = $1 AND n.network_id <> $2
           UNION SELECT n.ipv6::text FROM unnest($3::inet[]) AS a (subnet) JOIN network n ON n.ipv6 && a.subnet WHERE n.uplink_id = $1 AND n.network_id <> $2`,
    values: [uplinkId, exceptNetworkId, subnets],
  });
  return rows.map(({ subnet }) => asSubnet(subnet));
}

export async function peerSubnets(db: Queryable, networkId: string): Promise<{ name: string; subnets: string[] }[]> {
  const { rows } = await db.query<{ name: string; config: Record<string, string> }>({
    name: 'peer_subnets',
    text: `SELECT p.name, o.config FROM peer p JOIN network o ON o.network_id = p.other_network_id WHERE p.network_id = $1 AND p.status = 'created'`,
    values: [networkId],
  });
  return rows.map(({ name, config }) => ({ name, subnets: subnetTexts(config) }));
}

const ADDRESS_KEYS = ['ipv4.nat.address', 'ipv6.nat.address'];

/** Of the addresses that a network has on an uplink, had on another one or wants: those that others have there. */
async function takenByOthers(db: Queryable, uplinkId: string, networkId: string, config: Readonly<Record<string, string>>): Promise<string[]> {
  const { rows } = await db.query<{ address: string }>({
    name: 'taken_on_uplink',
    text: `SELECT address FROM uplink_address WHERE uplink_id = $1 AND owner_id <> $2
              AND address = ANY ($3 || ARRAY(SELECT address FROM uplink_address WHERE owner_id = $2))`,
    values: [uplinkId, networkId, ADDRESS_KEYS.flatMap((key) => parseAddress(config[key] ?? '') ?? []).map(formatAddress)],
  });
  return rows.map(({ address }) => address);
}

function freeOnUplink(db: Queryable, uplink: UplinkFacts, family: Family, count: number): Promise<string[]> {
  const { ranges, except } = externalRanges(uplink, family);
  return findFree(db, ON_UPLINK, uplink.id, ranges, { except, count });
}

/** Everything that a decision about an OVN network must know. `config`: as it is wanted; `routers`: how many get addresses with it. */
export async function readNetworkFacts(
  db: Queryable,
  networkId: string,
  config: Readonly<Record<string, string>>,
  uplink: UplinkFacts | undefined,
  allowedSubnets: readonly string[] | undefined,
  routers = 1,
): Promise<NetworkFacts> {
  if (!uplink) return { uplink, takenExternal: [], announced: [], occupied: [], peers: await peerSubnets(db, networkId), allowedSubnets };
  const fixed = subnetTexts(config);
  const candidates = automaticSubnets(config, networkId);
  return {
    uplink,
    takenExternal: await takenByOthers(db, uplink.id, networkId, config),
    freeExternal: (await Promise.all(([4, 6] as const).map((family) => freeOnUplink(db, uplink, family, routers)))).flat(),
    announced: await announcedOn(db, uplink.id, networkId, [...fixed, ...candidates]),
    occupied: await occupiedOn(db, uplink.id, networkId, candidates),
    peers: await peerSubnets(db, networkId),
    allowedSubnets,
  };
}
