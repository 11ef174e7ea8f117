import type { ClientBase } from 'pg';
import { canonicalJson, type PortEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';

export const portProjection: InlineProjection = {
  name: 'port',
  tables: ['port', 'port_address'],
  handles: ['PortDefined', 'PortActivated', 'PortBound', 'PortDeactivated', 'PortRemoved'],
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & PortEvent)[]) await write(client, event);
  },
};

type Content = Extract<PortEvent, { type: 'PortDefined' }>['data'];

async function write(client: ClientBase, { type, data }: PortEvent): Promise<void> {
  switch (type) {
    case 'PortDefined':
      await define(client, data);
      return replaceAddresses(client, data);
    case 'PortActivated':
      return setMembers(client, data.portId, [data.member]);
    case 'PortBound':
      return setMembers(client, data.portId, data.members);
    case 'PortDeactivated':
      return setMembers(client, data.portId, []);
    case 'PortRemoved':
      await client.query({ name: 'port_delete', text: 'DELETE FROM port WHERE port_id = $1', values: [data.portId] });
      await client.query({ name: 'port_address_clear', text: 'DELETE FROM port_address WHERE port_id = $1', values: [data.portId] });
      return;
    default:
      return type satisfies never;
  }
}

const list = (text: string | undefined): string[] => [...new Set((text ?? '').split(',').map((one) => one.trim()))].filter((one) => one !== '');

async function define(client: ClientBase, port: Content): Promise<void> {
  const { nic } = port;
  await client.query({
    name: 'port_define',
    text: `INSERT INTO port (port_id, instance_id, instance_name, project, device, network_id, type, hwaddr, guest_name, interface_id, nic, acls, external_routes, active, members)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, false, '{}')
           ON CONFLICT (port_id) DO UPDATE SET instance_name = excluded.instance_name, project = excluded.project, network_id = excluded.network_id,
             type = excluded.type, hwaddr = excluded.hwaddr, guest_name = excluded.guest_name, interface_id = excluded.interface_id, nic = excluded.nic,
             acls = excluded.acls, external_routes = excluded.external_routes`,
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
    ],
  });
}

async function replaceAddresses(client: ClientBase, { portId, networkId, addresses: { ipv4, ipv6 } }: Content): Promise<void> {
  await client.query({ name: 'port_address_clear', text: 'DELETE FROM port_address WHERE port_id = $1', values: [portId] });
  await client.query({
    name: 'port_address_insert',
    text: `INSERT INTO port_address (network_id, address, port_id, family, place)
           SELECT $1, address, $2, family, place FROM unnest($3::text[], $4::int[], $5::int[]) AS a(address, family, place)`,
    values: [networkId, portId, [...ipv4, ...ipv6], [...ipv4.map(() => 4), ...ipv6.map(() => 6)], [...ipv4.keys(), ...ipv6.keys()]],
  });
}

async function setMembers(client: ClientBase, portId: string, members: readonly string[]): Promise<void> {
  await client.query({
    name: 'port_members',
    text: 'UPDATE port SET active = $2, members = $3 WHERE port_id = $1',
    values: [portId, members.length > 0, members],
  });
}
