/** Single addresses on an uplink, whoever has them: one unique index for routers, NAT and forwards. */
import type { ClientBase } from 'pg';
import type { NetworkEvent, NetworkForwardEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { givenBack } from '../queries/free-addresses';

type Handled = Extract<
  NetworkEvent | NetworkForwardEvent,
  { type: 'NetworkCreated' | 'NetworkUpdated' | 'NetworkDeleted' | 'NetworkForwardCreated' | 'NetworkForwardDeleted' }
>;

export const uplinkAddressProjection: InlineProjection = {
  name: 'uplink-address',
  tables: ['uplink_address'],
  handles: ['NetworkCreated', 'NetworkUpdated', 'NetworkDeleted', 'NetworkForwardCreated', 'NetworkForwardDeleted'],
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & Handled)[]) await write(client, event);
  },
};

/** Keys of a network's configuration that hold one address on the uplink each. */
const KEYS = ['volatile.network.ipv4.address', 'volatile.network.ipv6.address', 'ipv4.nat.address', 'ipv6.nat.address'];

async function write(client: ClientBase, { type, data }: Handled): Promise<void> {
  switch (type) {
    case 'NetworkCreated':
    case 'NetworkUpdated':
      return replace(client, data.networkId, data.uplinkId, [...new Set(KEYS.flatMap((key) => data.config[key] ?? []))]);
    case 'NetworkDeleted':
      return replace(client, data.networkId, null, []);
    case 'NetworkForwardCreated':
      return replace(client, data.forwardId, data.uplinkId, [data.listenAddress]);
    case 'NetworkForwardDeleted':
      return replace(client, data.forwardId, null, []);
    default:
      return type satisfies never;
  }
}

async function replace(client: ClientBase, owner: string, uplink: string | null, addresses: readonly string[]): Promise<void> {
  const text = 'DELETE FROM uplink_address WHERE owner_id = $1 RETURNING uplink_id AS uplink, address';
  const { rows } = await client.query<{ uplink: string; address: string }>({ name: 'uplink_address_clear', text, values: [owner] });
  for (const { uplink: before, address } of rows) if (before !== uplink || !addresses.includes(address)) givenBack(before, [address]);
  if (uplink === null || addresses.length === 0) return;
  await client.query({
    name: 'uplink_address_insert',
    text: 'INSERT INTO uplink_address (uplink_id, address, owner_id) SELECT $1, address, $3 FROM unnest($2::text[]) AS address',
    values: [uplink, addresses, owner],
  });
}
