/**
 * Networks and active ports, from the network service's log: written in the transaction of the reader's checkpoint, each
 * event once. Which names in which zones have to be looked at again goes into `zone_pending`, in the same transaction.
 */
import { networkEvents, portEvents, type NetworkEvent, type PortEvent, type ZoneKind } from '@weft/contracts';
import type { RecordedEvent } from '@weft/event-store';
import type { ClientBase } from 'pg';
import { ownersOfPort, zonesOfNetwork } from '../domain/network-names';

type Event = RecordedEvent & (NetworkEvent | PortEvent);

export const NETWORK_FACT_TYPES: readonly string[] = [
  'NetworkCreated',
  'NetworkUpdated',
  'NetworkRenamed',
  'NetworkDeleted',
  'PortDefined',
  'PortActivated',
  'PortDeactivated',
  'PortRemoved',
];
const CATALOGUE = { ...networkEvents, ...portEvents };

export async function foldNetworkEvents(events: readonly RecordedEvent[], client: ClientBase): Promise<void> {
  for (const event of events as readonly Event[]) {
    CATALOGUE[event.type].parse(event.data);
    await fold(event, client);
  }
}

async function fold(event: Event, client: ClientBase): Promise<void> {
  switch (event.type) {
    case 'NetworkCreated':
    case 'NetworkUpdated':
      return writeNetwork(client, event.data, event.id);
    case 'NetworkRenamed':
      await client.query('UPDATE network SET name = $2 WHERE id = $1', [event.data.networkId, event.data.name]);
      return markNetwork(client, event.data.networkId, event.id);
    case 'NetworkDeleted':
      await markNetwork(client, event.data.networkId, event.id);
      await client.query('DELETE FROM network WHERE id = $1', [event.data.networkId]);
      return;
    case 'PortActivated':
      return writePort(client, event.data, event.id);
    case 'PortDefined':
      // Of a port that is active already: its addresses or its instance's name have changed.
      if (await findPort(client, event.data)) await writePort(client, event.data, event.id);
      return;
    case 'PortDeactivated':
    case 'PortRemoved':
      return removePort(client, event.data, event.id);
    case 'PortBound':
    case 'NetworkMemberDefined':
    case 'NetworkCreateFailed':
    case 'NetworkDriftFound':
    case 'NetworkRepaired':
      return;
    default:
      return event satisfies never;
  }
}

async function writeNetwork(
  client: ClientBase,
  network: { networkId: string; project: string; name: string; config: Record<string, string> },
  cause: string,
): Promise<void> {
  const { networkId, project, name, config } = network;
  await markNetwork(client, networkId, cause);
  await client.query(
    `INSERT INTO network (id, project, name, config) VALUES ($1, $2, $3, $4)
      ON CONFLICT (id) DO UPDATE SET project = excluded.project, name = excluded.name, config = excluded.config`,
    [networkId, project, name, JSON.stringify(config)],
  );
  const uses = zonesOfNetwork(config);
  await client.query('DELETE FROM network_zone_use WHERE network_id = $1', [networkId]);
  await client.query('INSERT INTO network_zone_use (network_id, zone, kind, place) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::int[])', [
    ...[networkId, uses.map(({ zone }) => zone), uses.map(({ kind }) => kind), uses.map(({ place }) => place)],
  ]);
  await markNetwork(client, networkId, cause);
}

/** Every name of the zones that the network publishes in, at this moment. */
async function markNetwork(client: ClientBase, networkId: string, cause: string): Promise<void> {
  await client.query('INSERT INTO zone_pending (zone, cause) SELECT DISTINCT zone, $2 FROM network_zone_use WHERE network_id = $1', [networkId, cause]);
}

interface Port {
  instanceId: string;
  device: string;
  instanceName: string;
  project: string;
  networkId: string;
  addresses: { ipv4: readonly string[]; ipv6: readonly string[] };
}
interface PortRow {
  networkId: string;
  instanceName: string;
  addresses: string[];
}

async function findPort(client: ClientBase, { instanceId, device }: Pick<Port, 'instanceId' | 'device'>): Promise<PortRow | undefined> {
  const { rows } = await client.query<PortRow>(
    `SELECT network_id AS "networkId", instance_name AS "instanceName", ARRAY(SELECT host(address) FROM unnest(addresses) AS address) AS addresses
       FROM port WHERE instance_id = $1 AND device = $2`,
    [instanceId, device],
  );
  return rows[0];
}

async function writePort(client: ClientBase, port: Port, cause: string): Promise<void> {
  const before = await findPort(client, port);
  const { instanceId, device, instanceName, project, networkId } = port;
  const after = { networkId, instanceName, addresses: [...port.addresses.ipv4, ...port.addresses.ipv6] };
  await client.query(
    `INSERT INTO port (instance_id, device, instance_name, project, network_id, addresses) VALUES ($1, $2, $3, $4, $5, $6::inet[])
      ON CONFLICT (instance_id, device) DO UPDATE SET instance_name = excluded.instance_name, project = excluded.project,
        network_id = excluded.network_id, addresses = excluded.addresses`,
    [instanceId, device, instanceName, project, networkId, after.addresses],
  );
  if (before) await markPort(client, before, cause);
  await markPort(client, after, cause);
}

async function removePort(client: ClientBase, port: Port, cause: string): Promise<void> {
  const before = await findPort(client, port);
  if (!before) return;
  await client.query('DELETE FROM port WHERE instance_id = $1 AND device = $2', [port.instanceId, port.device]);
  await markPort(client, before, cause);
}

async function markPort(client: ClientBase, port: PortRow, cause: string): Promise<void> {
  const { rows } = await client.query<{ zone: string; kind: ZoneKind }>('SELECT zone, kind FROM network_zone_use WHERE network_id = $1', [port.networkId]);
  const marks = rows.flatMap(({ zone, kind }) => ownersOfPort({ key: zone, kind }, port).map((owner) => ({ zone, owner })));
  if (marks.length === 0) return;
  await client.query('INSERT INTO zone_pending (zone, owner, cause) SELECT *, $3 FROM unnest($1::text[], $2::text[])', [
    marks.map(({ zone }) => zone),
    marks.map(({ owner }) => owner),
    cause,
  ]);
}
