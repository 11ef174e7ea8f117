import type { ClientBase, QueryConfig } from 'pg';
import { canonicalJson, sortedMap, type NetworkAclEvent, type NetworkEvent } from '@weft/contracts';
import { allOrNone, type InlineProjection, type ProjectedEvent } from '@weft/event-store';
import { networkEtag, type ActiveNetwork } from '../domain/network.state';

export const networkProjection: InlineProjection = {
  name: 'network',
  tables: ['network', 'pending_network'],
  handles: ['NetworkMemberDefined', 'NetworkCreateFailed', 'NetworkCreated', 'NetworkUpdated', 'NetworkRenamed', 'NetworkDeleted'],
  statements: (events) => allOrNone((events as readonly Event[]).map(statements))?.flat(),
  async project(events, client) {
    for (const event of events as readonly Event[]) for (const each of statements(event) ?? [await renamed(event, client)]) await client.query(each);
  },
};

type Content = Pick<ActiveNetwork, 'name' | 'type' | 'description' | 'config'>;

type Event = ProjectedEvent & NetworkEvent;

/** Undefined when the row that is there must be seen first. */
function statements(event: Event): QueryConfig[] | undefined {
  switch (event.type) {
    case 'NetworkMemberDefined': {
      const { networkId, project, name, type, member, config } = event.data;
      const text = `INSERT INTO pending_network (network_id, project, name, type, member_config) VALUES ($1, $2, $3, $4, jsonb_build_object($5::text, $6::jsonb))
         ON CONFLICT (network_id) DO UPDATE SET member_config = pending_network.member_config || excluded.member_config`;
      return [{ text, values: [networkId, project, name, type, member, config] }];
    }
    case 'NetworkCreateFailed': {
      const { networkId, description, config } = event.data;
      const text = `UPDATE pending_network SET status = 'errored', description = $2, config = $3 WHERE network_id = $1`;
      return [{ text, values: [networkId, description, config] }];
    }
    case 'NetworkCreated': {
      const { networkId, project, name, number, type, uplinkId } = event.data;
      const text = `INSERT INTO network (network_id, project, name, number, type, uplink_id, description, config, head, etag, member_config, version)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;
      const values = [networkId, project, name, number, type, uplinkId, ...content(event.data), event.version];
      return [notPending(networkId), { name: 'network_insert', text, values }];
    }
    case 'NetworkUpdated': {
      const text =
        'UPDATE network SET uplink_id = $2, description = $3, config = $4, head = $5, etag = $6, member_config = $7, version = $8 WHERE network_id = $1';
      return [{ name: 'network_update', text, values: [event.data.networkId, event.data.uplinkId, ...content(event.data), event.version] }];
    }
    case 'NetworkRenamed':
      return undefined;
    case 'NetworkDeleted':
      return [notPending(event.data.networkId), { text: 'DELETE FROM network WHERE network_id = $1', values: [event.data.networkId] }];
    case 'NetworkDriftFound':
    case 'NetworkRepaired':
      return [];
    default:
      return event satisfies never;
  }
}

const notPending = (networkId: string): QueryConfig => ({
  name: 'network_not_pending',
  text: 'DELETE FROM pending_network WHERE network_id = $1',
  values: [networkId],
});

async function renamed({ data: { networkId, name }, version }: Event, client: ClientBase): Promise<QueryConfig> {
  const { rows } = await client.query<Content>('SELECT type, description, config FROM network WHERE network_id = $1', [networkId]);
  const etag = rows[0] && networkEtag({ ...rows[0], name });
  return { text: 'UPDATE network SET name = $2, etag = $3, version = $4 WHERE network_id = $1', values: [networkId, name, etag, version] };
}

/** LXD: config, description, name, type, used_by, managed, status, locations. */
const content = (network: Content & { memberConfig?: ActiveNetwork['memberConfig'] }): unknown[] => [
  network.description,
  canonicalJson(network.config),
  `{"config":${JSON.stringify(sortedMap(network.config))},"description":${JSON.stringify(network.description)}`,
  networkEtag(network),
  canonicalJson(network.memberConfig ?? {}),
];

/** Numbers stay taken when their owner is gone. */
export const numberProjection: InlineProjection = {
  name: 'number',
  tables: ['used_number'],
  handles: ['NetworkCreated', 'NetworkAclCreated'],
  statements(events) {
    const created = events as readonly (ProjectedEvent & Extract<NetworkEvent | NetworkAclEvent, { type: 'NetworkCreated' | 'NetworkAclCreated' }>)[];
    const write = {
      name: 'number_insert',
      text: 'INSERT INTO used_number (kind, number) SELECT * FROM unnest($1::text[], $2::int[])',
      values: [created.map(({ type }) => (type === 'NetworkCreated' ? 'network' : 'acl')), created.map(({ data }) => data.number)],
    };
    return [write];
  },
};
