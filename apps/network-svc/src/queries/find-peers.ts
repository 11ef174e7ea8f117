import { WeftError } from '@weft/contracts';
import type { Changed } from '../clients/data-plane.client';
import { pairingStream } from '../domain/pairing.state';
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
  const { rowCount } = await db.query({ name: 'peer_name_taken', text: 'SELECT FROM peer WHERE network_id = $1 AND name = $2', values: [networkId, name] });
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

/**
 * What changes in OVN with a link, whether it came or went: the pairing's rows, forwards of both networks (peers reach them), and
 * ACLs with rules about such a peer. The log knows both networks even when no row does any more.
 */
export async function linkChanged(db: Queryable, pairings: readonly string[]): Promise<Changed> {
  const { rows } = await db.query<{ forwards: string[]; acls: string[] }>({
    name: 'link_changed',
    text: `WITH networks AS (
             SELECT DISTINCT data ->> 'networkId' AS id FROM event WHERE stream = ANY ($1) AND type = 'NetworkPeerCreated')
           SELECT ARRAY(SELECT forward_id FROM forward WHERE network_id IN (SELECT id FROM networks)) AS forwards,
                  ARRAY(SELECT DISTINCT a.acl_id FROM networks JOIN network n ON n.network_id = networks.id JOIN peer p ON p.network_id = n.network_id
                          JOIN acl a ON a.project = n.project AND a.mentions @> ARRAY['@' || n.name || '/' || p.name]) AS acls`,
    values: [pairings.map(pairingStream)],
  });
  return { pairings, ...rows[0]! };
}
