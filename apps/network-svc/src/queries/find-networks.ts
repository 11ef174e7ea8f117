import { isTrue, WeftError } from '@weft/contracts';
import type { NetworkFacts, UplinkFacts } from '../domain/network.facts';
import { DEFAULT_PROJECT } from '../domain/network.state';
import { networkSubnets } from '../domain/network.settle';
import { formatSubnet } from '../domain/ip-address';
import type { Queryable } from './database';

export interface NetworkRow {
  networkId: string;
  project: string;
  name: string;
  number: number;
  type: string;
  uplinkId: string | null;
  config: Record<string, string>;
}

const COLUMNS = 'network_id AS "networkId", project, name, number, type, uplink_id AS "uplinkId", config';

export async function findNetwork(db: Queryable, project: string, name: string): Promise<NetworkRow | undefined> {
  const { rows } = await db.query<NetworkRow>({
    name: 'find_network',
    text: `SELECT ${COLUMNS} FROM network WHERE project = $1 AND name = $2`,
    values: [project, name],
  });
  return rows[0];
}

/** @throws WeftError `network.not-found` */
export async function requireNetwork(db: Queryable, project: string, name: string): Promise<NetworkRow> {
  const found = await findNetwork(db, project, name);
  if (!found) throw new WeftError('network.not-found', 'Network not found');
  return found;
}

export async function findNetworksById(db: Queryable, ids: readonly string[]): Promise<Map<string, NetworkRow>> {
  const { rows } = await db.query<NetworkRow>({ name: 'networks_by_id', text: `SELECT ${COLUMNS} FROM network WHERE network_id = ANY($1)`, values: [ids] });
  return new Map(rows.map((row) => [row.networkId, row]));
}

/** Networks whose routers stand on an uplink. */
export async function networksOn(db: Queryable, uplinkId: string): Promise<NetworkRow[]> {
  const { rows } = await db.query<NetworkRow>(`SELECT ${COLUMNS} FROM network WHERE uplink_id = $1 ORDER BY number`, [uplinkId]);
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
const announcedBy = (config: Readonly<Record<string, string>>): string[] =>
  networkSubnets(config)
    .filter(({ family }) => !isTrue(config[`ipv${family}.nat`]))
    .map(formatSubnet);
const asSubnet = (text: string): string => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);

/** Subnets and single addresses that are announced on an uplink, besides those of one owner (a network or a forward). */
export async function announcedOn(db: Queryable, uplinkId: string, exceptNetworkId: string): Promise<{ subnet: string; of: string }[]> {
  const { rows } = await db.query<{ name: string; config: Record<string, string> | null; single: string | null }>({
    name: 'announced_on',
    text: `SELECT name, config, NULL AS single FROM network WHERE uplink_id = $1 AND network_id <> $2
           UNION ALL SELECT n.name, NULL, f.listen_address FROM forward f JOIN network n USING (network_id) WHERE n.uplink_id = $1
           UNION ALL SELECT n.name, NULL, unnest(p.external_routes) FROM port p JOIN network n USING (network_id) WHERE n.uplink_id = $1 AND p.external_routes <> '{}'`,
    values: [uplinkId, exceptNetworkId],
  });
  return rows.flatMap(({ name, config, single }) => (single === null ? announcedBy(config ?? {}) : [asSubnet(single)]).map((subnet) => ({ subnet, of: name })));
}

export async function peerSubnets(db: Queryable, networkId: string): Promise<{ name: string; subnets: string[] }[]> {
  const { rows } = await db.query<{ name: string; config: Record<string, string> }>({
    name: 'peer_subnets',
    text: `SELECT p.name, o.config FROM peer p JOIN network o ON o.network_id = p.other_network_id WHERE p.network_id = $1 AND p.status = 'created'`,
    values: [networkId],
  });
  return rows.map(({ name, config }) => ({ name, subnets: subnetTexts(config) }));
}

/** Everything that a decision about an OVN network must know. */
export async function readNetworkFacts(
  db: Queryable,
  networkId: string,
  uplink: UplinkFacts | undefined,
  allowedSubnets: readonly string[] | undefined,
): Promise<NetworkFacts> {
  if (!uplink) return { uplink, takenExternal: [], announced: [], occupied: [], peers: await peerSubnets(db, networkId), allowedSubnets };
  const taken = await db.query<{ address: string }>({
    name: 'taken_on_uplink',
    text: 'SELECT address FROM uplink_address WHERE uplink_id = $1 AND owner_id <> $2',
    values: [uplink.id, networkId],
  });
  const siblings = await networksOn(db, uplink.id);
  return {
    uplink,
    takenExternal: taken.rows.map(({ address }) => address),
    announced: await announcedOn(db, uplink.id, networkId),
    occupied: siblings.filter((one) => one.networkId !== networkId).flatMap(({ config }) => subnetTexts(config)),
    peers: await peerSubnets(db, networkId),
    allowedSubnets,
  };
}
