/**
 * Everything that OVN should hold of some networks, ports, ACLs, forwards and pairings, in one query: its cost depends on
 * what is asked for, not on what there is. Ports are those that are active.
 */
import type { AclRule, ForwardPort } from '@weft/contracts';
import type { Changed } from '../clients/data-plane.client';
import type { Queryable } from './database';
import type { NetworkRow } from './find-networks';

export interface NetworkRows extends NetworkRow {
  uplink: { name: string; config: Record<string, string>; memberConfig: Record<string, Record<string, string>> } | null;
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
  /** `nic` of the active ports that use it and have routes. */
  routes: Record<string, string>[];
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
  /** The youngest transaction of the log that the rows are of: never shrinks from one read to the next. */
  position: string;
  /** What could be seen: pg_snapshot of Postgres. */
  snapshot: string;
  networks: NetworkRows[];
  ports: PortRows[];
  acls: AclRows[];
  forwards: ForwardRows[];
  pairings: PairingRows[];
}

/** `everything` is for the whole look at OVN. */
export async function readDesiredRows(db: Queryable, changed: Changed | 'everything'): Promise<DesiredRows> {
  const { rows } = await db.query<{ doc: DesiredRows }>(
    changed === 'everything'
      ? { name: 'all_desired_rows', text: query(EVERYTHING), values: [] }
      : {
          name: 'desired_rows',
          text: query(CHANGED),
          values: [changed.networks ?? [], changed.ports ?? [], changed.acls ?? [], changed.forwards ?? [], changed.pairings ?? []],
        },
  );
  return rows[0]!.doc;
}

/** Whether something has been committed that was not yet to be seen in a snapshot. Transactions may commit in another order than they began. */
export async function hasGrownSince(db: Queryable, snapshot: string): Promise<boolean> {
  const { rows } = await db.query<{ grown: boolean }>({
    name: 'grown_since',
    text: `SELECT EXISTS (SELECT FROM event WHERE tx >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(tx, $1::pg_snapshot)) AS grown`,
    values: [snapshot],
  });
  return rows[0]!.grown;
}

/** ACLs by name that a network gives its ports. The index network_acls is on this expression. */
const NETWORK_ACLS = `string_to_array(replace(n.config ->> 'security.acls', ' ', ''), ',')`;
const ROUTED = `(p.nic ?| ARRAY['ipv4.routes', 'ipv6.routes', 'ipv4.routes.external', 'ipv6.routes.external'])`;

/** Which rows a query begins with. */
interface Selection {
  /** Conditions. */
  ports: string;
  forwards: string;
  /** Tables of ids. */
  pairings: string;
  acls: string;
  networks: string;
}

const EVERYTHING: Selection = {
  ports: 'true',
  forwards: 'true',
  pairings: 'SELECT DISTINCT pairing_id FROM peer',
  acls: 'SELECT acl_id FROM acl',
  networks: 'SELECT network_id FROM network',
};
/** $1 networks, $2 ports, $3 ACLs, $4 forwards, $5 pairings. */
const CHANGED: Selection = {
  ports: '(p.network_id = ANY ($1) OR p.port_id = ANY ($2))',
  forwards: '(f.network_id = ANY ($1) OR f.forward_id = ANY ($4))',
  // Forwards are reachable through peers.
  pairings: `SELECT unnest($5::text[]) AS pairing_id UNION SELECT pairing_id FROM peer WHERE network_id = ANY ($1)
    UNION SELECT p.pairing_id FROM some_forwards f JOIN peer p ON p.network_id = f.network_id`,
  acls: `SELECT unnest($3::text[]) AS acl_id
    UNION SELECT a.acl_id FROM some_ports p CROSS JOIN unnest(p.used) AS u (name) JOIN acl a ON a.project = p.network_project AND a.name = u.name`,
  networks: `SELECT unnest($1::text[]) AS network_id UNION SELECT network_id FROM some_ports UNION SELECT network_id FROM some_forwards
    UNION SELECT unnest(network_ids) FROM some_pairings UNION SELECT unnest(ids) FROM acl_networks`,
};

/**
 * Rows by their ids are looked up one by one (OFFSET 0 keeps the planner from joining tables whole): it cannot know how few they
 * are, and a plan that reads a table whole grows with what there is.
 */
const query = (some: Selection): string => `
WITH some_ports AS (
  SELECT p.*, n.project AS network_project, p.acls || ${NETWORK_ACLS} AS used
    FROM port p CROSS JOIN LATERAL (SELECT * FROM network n WHERE n.network_id = p.network_id OFFSET 0) n WHERE p.active AND ${some.ports}),
some_forwards AS (SELECT f.* FROM forward f WHERE ${some.forwards}),
some_pairings AS (
  SELECT w.pairing_id, array_agg(e.network_id ORDER BY e.network_id) AS network_ids FROM (${some.pairings}) w
   CROSS JOIN LATERAL (SELECT network_id FROM peer WHERE pairing_id = w.pairing_id AND status = 'created' OFFSET 0) e
   GROUP BY w.pairing_id HAVING count(*) = 2),
some_acls AS (
  SELECT a.* FROM (${some.acls}) w CROSS JOIN LATERAL (SELECT * FROM acl WHERE acl_id = w.acl_id OFFSET 0) a),
acl_networks AS (
  SELECT acl_id, array_agg(network_id) AS ids FROM (
    SELECT a.acl_id, n.network_id FROM some_acls a CROSS JOIN LATERAL (
        SELECT DISTINCT p.network_id FROM port p WHERE p.acls @> ARRAY[a.name] AND p.active OFFSET 0) p
      CROSS JOIN LATERAL (SELECT network_id FROM network n WHERE n.network_id = p.network_id AND n.project = a.project OFFSET 0) n
    UNION SELECT a.acl_id, n.network_id FROM some_acls a CROSS JOIN LATERAL (
        SELECT network_id FROM network n WHERE n.project = a.project AND ${NETWORK_ACLS} @> ARRAY[a.name] OFFSET 0) n
      WHERE EXISTS (SELECT FROM port p WHERE p.network_id = n.network_id AND p.active)) u
   GROUP BY acl_id),
some_networks AS (
  SELECT n.* FROM (${some.networks}) w CROSS JOIN LATERAL (SELECT * FROM network n WHERE n.network_id = w.network_id AND n.type = 'ovn' OFFSET 0) n)
SELECT json_build_object(
  'position', coalesce((SELECT tx::text FROM event ORDER BY tx DESC LIMIT 1), '0'),
  'snapshot', pg_current_snapshot()::text,
  'networks', coalesce((SELECT json_agg(json_build_object('networkId', n.network_id, 'project', n.project, 'name', n.name, 'number', n.number,
      'type', n.type, 'uplinkId', n.uplink_id, 'config', n.config,
      'uplink', (SELECT json_build_object('name', u.name, 'config', u.config, 'memberConfig', u.member_config) FROM network u WHERE u.network_id = n.uplink_id),
      'routes', coalesce((SELECT json_agg(p.nic ORDER BY p.port_id) FROM port p WHERE p.network_id = n.network_id AND p.active AND ${ROUTED}), '[]'))
    ORDER BY n.number) FROM some_networks n), '[]'),
  'ports', coalesce((SELECT json_agg(json_build_object('portId', p.port_id, 'networkId', p.network_id,
      'instanceName', coalesce((SELECT name FROM instance_name i WHERE i.id = p.instance_id), p.instance_name),
      'interfaceId', p.interface_id, 'hwaddr', p.hwaddr, 'nic', p.nic, 'members', p.members,
      'ipv4', (SELECT address FROM port_address a WHERE a.port_id = p.port_id AND family = 4 AND place = 0),
      'ipv6', (SELECT address FROM port_address a WHERE a.port_id = p.port_id AND family = 6 AND place = 0),
      'aclIds', ARRAY(SELECT a.acl_id FROM acl a WHERE a.project = p.network_project AND a.name = ANY (p.used) ORDER BY a.number)) ORDER BY p.port_id)
    FROM some_ports p), '[]'),
  'acls', coalesce((SELECT json_agg(json_build_object('aclId', a.acl_id, 'project', a.project, 'name', a.name, 'number', a.number,
      'ingress', a.ingress, 'egress', a.egress, 'networkIds', coalesce((SELECT ids FROM acl_networks m WHERE m.acl_id = a.acl_id), '{}'),
      'routes', coalesce((SELECT json_agg(p.nic ORDER BY p.port_id) FROM acl_networks m CROSS JOIN unnest(m.ids) AS w (id)
        CROSS JOIN LATERAL (SELECT * FROM network n WHERE n.network_id = w.id OFFSET 0) n
        JOIN port p ON p.network_id = w.id AND p.active AND ${ROUTED} AND (p.acls || ${NETWORK_ACLS}) @> ARRAY[a.name] WHERE m.acl_id = a.acl_id), '[]'),
      'aclNumbers', coalesce((SELECT json_object_agg(o.name, o.number) FROM acl o WHERE o.project = a.project AND o.name = ANY (a.mentions)), '{}'),
      'peerNumbers', coalesce((SELECT json_object_agg(n.name || '/' || e.name, o.number) FROM unnest(a.mentions) AS m (text)
        JOIN network n ON n.project = a.project AND m.text LIKE '@%/%' AND n.name = substr(split_part(m.text, '/', 1), 2)
        JOIN peer e ON e.network_id = n.network_id AND e.status = 'created' AND e.name = split_part(m.text, '/', 2)
        JOIN network o ON o.network_id = e.other_network_id), '{}')) ORDER BY a.number)
    FROM some_acls a), '[]'),
  'forwards', coalesce((SELECT json_agg(json_build_object('forwardId', f.forward_id, 'networkId', f.network_id, 'listenAddress', f.listen_address,
      'config', f.config, 'ports', f.ports) ORDER BY f.forward_id) FROM some_forwards f), '[]'),
  'pairings', coalesce((SELECT json_agg(json_build_object('pairingId', pairing_id, 'networkIds', network_ids) ORDER BY pairing_id) FROM some_pairings), '[]')
) AS doc`;
