/**
 * Everything that OVN should hold of some networks, ports, ACLs, forwards and pairings, in one query: its cost depends on
 * what is asked for, not on what there is. Ports are those that are active.
 */
import type { AclRule, ForwardPort } from '@weft/contracts';
import type { Changed } from '../clients/data-plane.client';
import type { Queryable } from './database';
import type { NetworkRow } from './find-networks';

export interface NetworkRows extends NetworkRow {
  uplink: { name: string; config: Record<string, string> } | null;
  /** `nic` of its active ports that have routes. */
  routes: Record<string, string>[];
}
export interface PortRows {
  portId: string;
  networkId: string;
  instanceName: string;
  interfaceId: string;
  hwaddr: string;
  ipv4: string | null;
  ipv6: string | null;
  nic: Record<string, string>;
  members: string[];
  /** ACLs of the NIC and of its network. */
  aclIds: string[];
}
export interface AclRows {
  aclId: string;
  project: string;
  name: string;
  number: number;
  ingress: AclRule[];
  egress: AclRule[];
  /** Networks with active ports that use it. */
  networkIds: string[];
  /** Numbers of the ACLs that its rules name. */
  aclNumbers: Record<string, number>;
  /** Numbers of the networks behind the peers that its rules name, as `network/peer`; linked ones only. */
  peerNumbers: Record<string, number>;
}
export interface ForwardRows {
  forwardId: string;
  networkId: string;
  listenAddress: string;
  config: Record<string, string>;
  ports: ForwardPort[];
}
export interface PairingRows {
  pairingId: string;
  networkIds: [string, string];
}

export interface DesiredRows {
  /** Place of the log that the rows are of: grows with every change. */
  position: string;
  networks: NetworkRows[];
  ports: PortRows[];
  acls: AclRows[];
  forwards: ForwardRows[];
  pairings: PairingRows[];
}

/** `everything` is for the whole look at OVN. */
export async function readDesiredRows(db: Queryable, changed: Changed | 'everything'): Promise<DesiredRows> {
  const all = changed === 'everything';
  const ids = all ? {} : changed;
  const { rows } = await db.query<{ doc: DesiredRows }>({
    name: 'desired_rows',
    text: QUERY,
    values: [all, ids.networks ?? [], ids.ports ?? [], ids.acls ?? [], ids.forwards ?? [], ids.pairings ?? []],
  });
  return rows[0]!.doc;
}

/** ACLs by name that a port uses: its own and its network's. */
const USED_ACLS = `p.acls || string_to_array(replace(coalesce(n.config ->> 'security.acls', ''), ' ', ''), ',')`;

const QUERY = `
WITH some_ports AS (
  SELECT p.*, n.project AS network_project, ${USED_ACLS} AS used FROM port p JOIN network n USING (network_id)
   WHERE p.active AND ($1 OR p.network_id = ANY ($2) OR p.port_id = ANY ($3))),
some_forwards AS (SELECT f.* FROM forward f WHERE $1 OR f.network_id = ANY ($2) OR f.forward_id = ANY ($5)),
some_pairings AS (
  SELECT pairing_id, array_agg(network_id ORDER BY network_id) AS network_ids FROM peer
   WHERE status = 'created' AND ($1 OR network_id = ANY ($2) OR other_network_id = ANY ($2) OR pairing_id = ANY ($6)
      -- forwards are reachable through peers
      OR network_id IN (SELECT network_id FROM some_forwards) OR other_network_id IN (SELECT network_id FROM some_forwards))
   GROUP BY pairing_id HAVING count(*) = 2),
some_acls AS (
  SELECT a.* FROM acl a WHERE $1 OR a.acl_id = ANY ($4)
      OR EXISTS (SELECT FROM some_ports p WHERE p.network_project = a.project AND a.name = ANY (p.used))),
acl_networks AS (
  SELECT a.acl_id, array_agg(DISTINCT p.network_id) AS ids FROM some_acls a JOIN network n ON n.project = a.project
    JOIN port p ON p.network_id = n.network_id AND p.active AND a.name = ANY (${USED_ACLS}) GROUP BY a.acl_id),
some_networks AS (
  SELECT n.* FROM network n WHERE n.type = 'ovn' AND ($1 OR n.network_id = ANY ($2)
      OR n.network_id IN (SELECT network_id FROM some_ports) OR n.network_id IN (SELECT network_id FROM some_forwards)
      OR n.network_id IN (SELECT unnest(network_ids) FROM some_pairings) OR n.network_id IN (SELECT unnest(ids) FROM acl_networks)))
SELECT json_build_object(
  'position', coalesce((SELECT max(position) FROM event), 0)::text,
  'networks', coalesce((SELECT json_agg(json_build_object('networkId', n.network_id, 'project', n.project, 'name', n.name, 'number', n.number,
      'type', n.type, 'uplinkId', n.uplink_id, 'config', n.config,
      'uplink', (SELECT json_build_object('name', u.name, 'config', u.config) FROM network u WHERE u.network_id = n.uplink_id),
      'routes', coalesce((SELECT json_agg(p.nic ORDER BY p.port_id) FROM port p WHERE p.network_id = n.network_id AND p.active
        AND (p.nic ?| ARRAY['ipv4.routes', 'ipv6.routes', 'ipv4.routes.external', 'ipv6.routes.external'])), '[]')) ORDER BY n.number) FROM some_networks n), '[]'),
  'ports', coalesce((SELECT json_agg(json_build_object('portId', p.port_id, 'networkId', p.network_id,
      'instanceName', coalesce((SELECT name FROM instance_name i WHERE i.id = p.instance_id), p.instance_name),
      'interfaceId', p.interface_id, 'hwaddr', p.hwaddr, 'nic', p.nic, 'members', p.members,
      'ipv4', (SELECT address FROM port_address a WHERE a.port_id = p.port_id AND family = 4 AND place = 0),
      'ipv6', (SELECT address FROM port_address a WHERE a.port_id = p.port_id AND family = 6 AND place = 0),
      'aclIds', ARRAY(SELECT a.acl_id FROM acl a WHERE a.project = p.network_project AND a.name = ANY (p.used) ORDER BY a.number)) ORDER BY p.port_id)
    FROM some_ports p), '[]'),
  'acls', coalesce((SELECT json_agg(json_build_object('aclId', a.acl_id, 'project', a.project, 'name', a.name, 'number', a.number,
      'ingress', a.ingress, 'egress', a.egress, 'networkIds', coalesce((SELECT ids FROM acl_networks m WHERE m.acl_id = a.acl_id), '{}'),
      'aclNumbers', coalesce((SELECT json_object_agg(o.name, o.number) FROM acl o WHERE o.project = a.project AND o.name = ANY (a.mentions)), '{}'),
      'peerNumbers', coalesce((SELECT json_object_agg(n.name || '/' || e.name, o.number) FROM network n JOIN peer e USING (network_id)
        JOIN network o ON o.network_id = e.other_network_id
        WHERE n.project = a.project AND e.status = 'created' AND '@' || n.name || '/' || e.name = ANY (a.mentions)), '{}')) ORDER BY a.number)
    FROM some_acls a), '[]'),
  'forwards', coalesce((SELECT json_agg(json_build_object('forwardId', f.forward_id, 'networkId', f.network_id, 'listenAddress', f.listen_address,
      'config', f.config, 'ports', f.ports) ORDER BY f.forward_id) FROM some_forwards f), '[]'),
  'pairings', coalesce((SELECT json_agg(json_build_object('pairingId', pairing_id, 'networkIds', network_ids) ORDER BY pairing_id) FROM some_pairings), '[]')
) AS doc`;
