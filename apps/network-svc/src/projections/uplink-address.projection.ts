/** Single addresses on an uplink, whoever has them: one unique index for routers, NAT and forwards. */
import type { ClientBase, QueryConfig } from 'pg';
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
  statements: (events) => {
    const handled = events as readonly (ProjectedEvent & Handled)[];
    return handled.every(isNew) ? handled.flatMap((event) => insert(holdingOf(event))) : undefined;
  },
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & Handled)[]) {
      const holding = holdingOf(event);
      if (!isNew(event)) await giveBack(client, holding);
      for (const statement of insert(holding)) await client.query(statement);
    }
  },
};

/** Who has had nothing so far. */
const isNew = ({ type }: Handled): boolean => type === 'NetworkCreated' || type === 'NetworkForwardCreated';

interface Holding {
  owner: string;
  uplink: string | null;
  addresses: readonly string[];
}

/** Keys of a network's configuration that hold one address on the uplink each. */
const KEYS = ['volatile.network.ipv4.address', 'volatile.network.ipv6.address', 'ipv4.nat.address', 'ipv6.nat.address'];

/** What the owner has from then on. */
function holdingOf({ type, data }: Handled): Holding {
  switch (type) {
    case 'NetworkCreated':
    case 'NetworkUpdated':
      return { owner: data.networkId, uplink: data.uplinkId, addresses: [...new Set(KEYS.flatMap((key) => data.config[key] ?? []))] };
    case 'NetworkDeleted':
      return { owner: data.networkId, uplink: null, addresses: [] };
    case 'NetworkForwardCreated':
      return { owner: data.forwardId, uplink: data.uplinkId, addresses: [data.listenAddress] };
    case 'NetworkForwardDeleted':
      return { owner: data.forwardId, uplink: null, addresses: [] };
    default:
      return type satisfies never;
  }
}

async function giveBack(client: ClientBase, { owner, uplink, addresses }: Holding): Promise<void> {
  const text = 'DELETE FROM uplink_address WHERE owner_id = $1 RETURNING uplink_id AS uplink, address';
  const { rows } = await client.query<{ uplink: string; address: string }>({ name: 'uplink_address_clear', text, values: [owner] });
  for (const { uplink: before, address } of rows) if (before !== uplink || !addresses.includes(address)) givenBack(before, [address]);
}

function insert({ owner, uplink, addresses }: Holding): QueryConfig[] {
  if (uplink === null || addresses.length === 0) return [];
  const text = 'INSERT INTO uplink_address (uplink_id, address, owner_id) SELECT $1, address, $3 FROM unnest($2::text[]) AS address';
  return [{ name: 'uplink_address_insert', text, values: [uplink, addresses, owner] }];
}
