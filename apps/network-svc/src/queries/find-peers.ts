import { WeftError } from '@weft/contracts';
import type { Queryable } from './database';

export interface PeerRow {
  peerId: string;
  pairingId: string;
  status: string;
  otherNetworkId: string | null;
  groupId: string | null;
}

const COLUMNS = 'peer_id AS "peerId", pairing_id AS "pairingId", status, other_network_id AS "otherNetworkId", group_id AS "groupId"';

/** @throws WeftError `network-peer.not-found` */
export async function requirePeer(db: Queryable, networkId: string, name: string): Promise<PeerRow> {
  const { rows } = await db.query<PeerRow>(`SELECT ${COLUMNS} FROM peer WHERE network_id = $1 AND name = $2`, [networkId, name]);
  if (!rows[0]) throw new WeftError('network-peer.not-found', 'Network peer not found');
  return rows[0];
}

export async function isPeerNameTaken(db: Queryable, networkId: string, name: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM peer WHERE network_id = $1 AND name = $2', [networkId, name]);
  return (rowCount ?? 0) > 0;
}

export async function peersOf(db: Queryable, networkId: string): Promise<(PeerRow & { name: string })[]> {
  const { rows } = await db.query<PeerRow & { name: string }>(`SELECT ${COLUMNS}, name FROM peer WHERE network_id = $1 ORDER BY name`, [networkId]);
  return rows;
}

/** Some ACL of the project has a rule with `@network/peer`. */
export async function isPeerMentioned(db: Queryable, project: string, network: string, peer: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM acl WHERE project = $1 AND mentions @> ARRAY[$2] LIMIT 1', [project, `@${network}/${peer}`]);
  return (rowCount ?? 0) > 0;
}
