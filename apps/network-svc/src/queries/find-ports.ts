import type { LivePort } from '../domain/port.state';
import type { Queryable } from './database';

export interface PortRow {
  portId: string;
  instanceId: string;
  instanceName: string;
  project: string;
  device: string;
  networkId: string;
  networkName: string;
  networkProject: string;
  type: LivePort['type'];
  hwaddr: string;
  guestName: string;
  interfaceId: string;
  nic: Record<string, string>;
  active: boolean;
  members: string[];
  ipv4: string[];
  ipv6: string[];
}

/** Gives `PortRow`s; `p` is the port. */
export const PORT_SELECT = `
  SELECT p.port_id AS "portId", p.instance_id AS "instanceId", p.instance_name AS "instanceName", p.project, p.device, p.network_id AS "networkId",
         n.name AS "networkName", n.project AS "networkProject", p.type, p.hwaddr, p.guest_name AS "guestName", p.interface_id AS "interfaceId",
         p.nic, p.active, p.members,
         ARRAY(SELECT address FROM port_address a WHERE a.port_id = p.port_id AND family = 4 ORDER BY place) AS ipv4,
         ARRAY(SELECT address FROM port_address a WHERE a.port_id = p.port_id AND family = 6 ORDER BY place) AS ipv6
    FROM port p JOIN network n USING (network_id)`;

export const livePort = ({ active, ipv4, ipv6, ...row }: PortRow): LivePort => ({ ...row, status: active ? 'active' : 'defined', addresses: { ipv4, ipv6 } });

export async function portsOfNetwork(db: Queryable, networkId: string): Promise<LivePort[]> {
  const { rows } = await db.query<PortRow>({
    name: 'ports_of_network',
    text: `${PORT_SELECT} WHERE p.network_id = $1 ORDER BY p.port_id`,
    values: [networkId],
  });
  return rows.map(livePort);
}

export async function portsOfInstance(db: Queryable, instanceId: string): Promise<LivePort[]> {
  const { rows } = await db.query<PortRow>({
    name: 'ports_of_instance',
    text: `${PORT_SELECT} WHERE p.instance_id = $1 ORDER BY p.device`,
    values: [instanceId],
  });
  return rows.map(livePort);
}

/** Of these addresses those that a network's ports have, besides the ports of one instance. */
export async function takenOnNetwork(db: Queryable, networkId: string, exceptInstanceId: string, addresses: readonly string[]): Promise<string[]> {
  if (addresses.length === 0) return [];
  const { rows } = await db.query<{ address: string }>({
    name: 'taken_on_network',
    text: `SELECT a.address FROM port_address a JOIN port p USING (port_id) WHERE a.network_id = $1 AND p.instance_id <> $2 AND a.address = ANY ($3)`,
    values: [networkId, exceptInstanceId, addresses],
  });
  return rows.map(({ address }) => address);
}

/** Hosts with active ports on any of these networks. */
export async function membersOn(db: Queryable, networkIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ member: string }>({
    name: 'members_on_networks',
    text: 'SELECT DISTINCT m.member FROM port p CROSS JOIN unnest(p.members) AS m (member) WHERE p.active AND p.network_id = ANY ($1)',
    values: [networkIds],
  });
  return rows.map(({ member }) => member);
}
