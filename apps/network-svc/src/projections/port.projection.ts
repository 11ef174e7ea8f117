import type { ClientBase, QueryConfig } from 'pg';
import { canonicalJson, type PortEvent } from '@weft/contracts';
import { allOrNone, type InlineProjection, type ProjectedEvent } from '@weft/event-store';
import { givenBack } from '../queries/free-addresses';

export const portProjection: InlineProjection = {
  name: 'port',
  tables: ['port', 'port_address'],
  handles: ['PortDefined', 'PortActivated', 'PortBound', 'PortDeactivated', 'PortRemoved'],
  statements: (events) => allOrNone(stepsOf(events as readonly Event[]).map(([event, next]) => statements(event, next)))?.flat(),
  async project(events, client) {
    for (const [event, next] of stepsOf(events as readonly Event[])) {
      for (const statement of statements(event, next) ?? []) await client.query(statement);
      if (event.type === 'PortRemoved') await remove(client, event.data);
    }
  },
};

type Event = ProjectedEvent & PortEvent;
type Content = Extract<PortEvent, { type: 'PortDefined' }>['data'];

/** A port that is defined and activated at once is written at once. */
const isPartOf = (before: PortEvent | undefined, event: PortEvent | undefined): event is Extract<PortEvent, { type: 'PortActivated' }> =>
  before?.type === 'PortDefined' && event?.type === 'PortActivated' && before.data.portId === event.data.portId;

/** Events that are written by themselves, each with the one behind it, which may be part of it. */
const stepsOf = (events: readonly Event[]): [Event, Event | undefined][] =>
  events.flatMap((event, at) => (isPartOf(events[at - 1], event) ? [] : [[event, events[at + 1]]]));

/** Undefined for what must look at the rows that there are. */
function statements(event: PortEvent, next: PortEvent | undefined): QueryConfig[] | undefined {
  const { type, data } = event;
  switch (type) {
    case 'PortDefined':
      return [define(data, isPartOf(event, next) ? [next.data.member] : null), replaceAddresses(data)];
    case 'PortActivated':
      return [setMembers(data.portId, [data.member])];
    case 'PortBound':
      return [setMembers(data.portId, data.members)];
    case 'PortDeactivated':
      return [setMembers(data.portId, [])];
    case 'PortRemoved':
      return undefined;
    default:
      return type satisfies never;
  }
}

/** Its addresses are free again, which those who choose next are told. */
async function remove(client: ClientBase, { portId, networkId }: { portId: string; networkId: string }): Promise<void> {
  await client.query({ name: 'port_delete', text: 'DELETE FROM port WHERE port_id = $1', values: [portId] });
  const text = 'DELETE FROM port_address WHERE port_id = $1 RETURNING address';
  const { rows } = await client.query<{ address: string }>({ name: 'port_address_clear', text, values: [portId] });
  givenBack(
    networkId,
    rows.map(({ address }) => address),
  );
}

const list = (text: string | undefined): string[] => [...new Set((text ?? '').split(',').map((one) => one.trim()))].filter((one) => one !== '');

/** @param members where it is activated; null leaves that as it is */
function define(port: Content, members: readonly string[] | null): QueryConfig {
  const { nic } = port;
  return {
    name: 'port_define',
    text: `INSERT INTO port (port_id, instance_id, instance_name, project, device, network_id, type, hwaddr, guest_name, interface_id, nic, acls, external_routes, active, members)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text[] IS NOT NULL, coalesce($14::text[], '{}'))
           ON CONFLICT (port_id) DO UPDATE SET instance_name = excluded.instance_name, project = excluded.project, network_id = excluded.network_id,
             type = excluded.type, hwaddr = excluded.hwaddr, guest_name = excluded.guest_name, interface_id = excluded.interface_id, nic = excluded.nic,
             acls = excluded.acls, external_routes = excluded.external_routes,
             active = port.active OR excluded.active, members = coalesce($14::text[], port.members)`,
    values: [
      port.portId,
      port.instanceId,
      port.instanceName,
      port.project,
      port.device,
      port.networkId,
      port.type,
      port.hwaddr,
      port.guestName,
      port.interfaceId,
      canonicalJson(nic),
      list(nic['security.acls']),
      [...list(nic['ipv4.routes.external']), ...list(nic['ipv6.routes.external'])],
      members,
    ],
  };
}

/** Those that stay are not touched: an address is at the same place for as long as a port has it. */
const replaceAddresses = ({ portId, networkId, addresses: { ipv4, ipv6 } }: Content): QueryConfig => ({
  name: 'port_addresses',
  text: `WITH gone AS (DELETE FROM port_address WHERE port_id = $2 AND NOT (network_id = $1 AND address = ANY ($3)))
           INSERT INTO port_address (network_id, address, port_id, family, place)
           SELECT $1, address, $2, family, place FROM unnest($3::text[], $4::int[], $5::int[]) AS a(address, family, place)
            WHERE NOT EXISTS (SELECT FROM port_address o WHERE o.port_id = $2 AND o.network_id = $1 AND o.address = a.address)`,
  values: [networkId, portId, [...ipv4, ...ipv6], [...ipv4.map(() => 4), ...ipv6.map(() => 6)], [...ipv4.keys(), ...ipv6.keys()]],
});

const setMembers = (portId: string, members: readonly string[]): QueryConfig => ({
  name: 'port_members',
  text: 'UPDATE port SET active = $2, members = $3 WHERE port_id = $1',
  values: [portId, members.length > 0, members],
});
