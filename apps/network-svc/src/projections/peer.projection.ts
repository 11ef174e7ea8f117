import type { ClientBase } from 'pg';
import { etagOf, sortedMap, type NetworkPeerEvent, type NetworkPeerGroupEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { peerEtag } from '../domain/pairing.state';

export const peerProjection: InlineProjection = {
  name: 'peer',
  tables: ['peer'],
  handles: ['NetworkPeerCreated', 'NetworkPeersLinked', 'NetworkPeerUpdated', 'NetworkPeerDeleted'],
  async project(events, client) {
    for (const event of events as readonly (ProjectedEvent & NetworkPeerEvent)[]) await write(client, event);
  },
};

const sortedJson = (config: Readonly<Record<string, string>>): string => JSON.stringify(sortedMap(config));

async function write(client: ClientBase, { type, data }: NetworkPeerEvent): Promise<void> {
  switch (type) {
    case 'NetworkPeerCreated':
      await client.query({
        name: 'peer_insert',
        text: `INSERT INTO peer (peer_id, pairing_id, network_id, name, status, group_id, description, config, target_project, target_network, etag)
               VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $9, $10)`,
        values: [
          data.peerId,
          data.pairingId,
          data.networkId,
          data.name,
          data.groupId,
          data.description,
          sortedJson(data.config),
          data.targetProject,
          data.targetNetwork,
          peerEtag(data),
        ],
      });
      return;
    case 'NetworkPeersLinked':
      await client.query({
        name: 'peer_link',
        text: `UPDATE peer SET status = 'created', other_network_id = CASE network_id WHEN $2 THEN $3 ELSE $2 END WHERE peer_id = ANY ($1)`,
        values: [data.peerIds, ...data.networkIds],
      });
      return;
    case 'NetworkPeerUpdated':
      await client.query('UPDATE peer SET description = $2, config = $3, etag = $4 WHERE peer_id = $1', [
        data.peerId,
        data.description,
        sortedJson(data.config),
        peerEtag(data),
      ]);
      return;
    case 'NetworkPeerDeleted':
      await client.query('DELETE FROM peer WHERE peer_id = $1', [data.peerId]);
      if (data.erroredPeerId) await client.query(`UPDATE peer SET status = 'errored', other_network_id = NULL WHERE peer_id = $1`, [data.erroredPeerId]);
      return;
    default:
      return type satisfies never;
  }
}

export const peerGroupProjection: InlineProjection = {
  name: 'peer-group',
  tables: ['peer_group'],
  handles: ['NetworkPeerGroupCreated', 'NetworkPeerGroupUpdated', 'NetworkPeerGroupDeleted'],
  async project(events, client) {
    for (const { type, data } of events as readonly (ProjectedEvent & NetworkPeerGroupEvent)[]) {
      if (type === 'NetworkPeerGroupDeleted') {
        await client.query('DELETE FROM peer_group WHERE group_id = $1', [data.groupId]);
        continue;
      }
      const config = sortedMap(data.config);
      await client.query(
        `INSERT INTO peer_group (group_id, project, name, members, head, etag) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (group_id) DO UPDATE SET members = excluded.members, head = excluded.head, etag = excluded.etag`,
        [
          data.groupId,
          data.project,
          data.name,
          data.members,
          `{"config":${JSON.stringify(config)},"description":${JSON.stringify(data.description)}`,
          etagOf([data.name, data.description, config, data.members]),
        ],
      );
    }
  },
};
