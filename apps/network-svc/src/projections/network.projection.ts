import type { ClientBase } from 'pg';
import { canonicalJson, sortedMap, type NetworkAclEvent, type NetworkEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { networkEtag, type ActiveNetwork } from '../domain/network.state';

export const networkProjection: InlineProjection = {
  name: 'network',
  tables: ['network', 'pending_network'],
  handles: ['NetworkMemberDefined', 'NetworkCreateFailed', 'NetworkCreated', 'NetworkUpdated', 'NetworkRenamed', 'NetworkDeleted'],
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & NetworkEvent)[]) await write(client, event);
  },
};

type Content = Pick<ActiveNetwork, 'name' | 'type' | 'description' | 'config'>;

async function write(client: ClientBase, event: ProjectedEvent & NetworkEvent): Promise<void> {
  switch (event.type) {
    case 'NetworkMemberDefined': {
      const { networkId, project, name, type, member, config } = event.data;
      await client.query(
        `INSERT INTO pending_network (network_id, project, name, type, member_config) VALUES ($1, $2, $3, $4, jsonb_build_object($5::text, $6::jsonb))
         ON CONFLICT (network_id) DO UPDATE SET member_config = pending_network.member_config || excluded.member_config`,
        [networkId, project, name, type, member, config],
      );
      return;
    }
    case 'NetworkCreateFailed': {
      const { networkId, description, config } = event.data;
      await client.query(`UPDATE pending_network SET status = 'errored', description = $2, config = $3 WHERE network_id = $1`, [
        networkId,
        description,
        config,
      ]);
      return;
    }
    case 'NetworkCreated': {
      const { networkId, project, name, number, type, uplinkId } = event.data;
      await client.query('DELETE FROM pending_network WHERE network_id = $1', [networkId]);
      await client.query({
        name: 'network_insert',
        text: `INSERT INTO network (network_id, project, name, number, type, uplink_id, description, config, head, etag, member_config, version)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        values: [networkId, project, name, number, type, uplinkId, ...content(event.data), event.version],
      });
      return;
    }
    case 'NetworkUpdated':
      await client.query({
        name: 'network_update',
        text: 'UPDATE network SET uplink_id = $2, description = $3, config = $4, head = $5, etag = $6, member_config = $7, version = $8 WHERE network_id = $1',
        values: [event.data.networkId, event.data.uplinkId, ...content(event.data), event.version],
      });
      return;
    case 'NetworkRenamed': {
      const { networkId, name } = event.data;
      const { rows } = await client.query<Content>('SELECT type, description, config FROM network WHERE network_id = $1', [networkId]);
      const etag = rows[0] && networkEtag({ ...rows[0], name });
      await client.query('UPDATE network SET name = $2, etag = $3, version = $4 WHERE network_id = $1', [networkId, name, etag, event.version]);
      return;
    }
    case 'NetworkDeleted':
      await client.query('DELETE FROM pending_network WHERE network_id = $1', [event.data.networkId]);
      await client.query('DELETE FROM network WHERE network_id = $1', [event.data.networkId]);
      return;
    case 'NetworkDriftFound':
    case 'NetworkRepaired':
      return;
    default:
      return event satisfies never;
  }
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
  async project(events, client) {
    const created = events as readonly (ProjectedEvent & Extract<NetworkEvent | NetworkAclEvent, { type: 'NetworkCreated' | 'NetworkAclCreated' }>)[];
    await client.query({
      name: 'number_insert',
      text: 'INSERT INTO used_number (kind, number) SELECT * FROM unnest($1::text[], $2::int[])',
      values: [created.map(({ type }) => (type === 'NetworkCreated' ? 'network' : 'acl')), created.map(({ data }) => data.number)],
    });
  },
};
