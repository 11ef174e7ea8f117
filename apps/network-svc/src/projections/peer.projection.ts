import type { QueryConfig } from 'pg';
import { etagOf, sortedMap, type NetworkPeerEvent, type NetworkPeerGroupEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { peerEtag } from '../domain/pairing.state';

export const peerProjection: InlineProjection = {
  name: 'peer',
  tables: ['peer'],
  handles: ['NetworkPeerCreated', 'NetworkPeersLinked', 'NetworkPeerUpdated', 'NetworkPeerDeleted'],
  statements: (events) => (events as readonly (ProjectedEvent & NetworkPeerEvent)[]).flatMap(write),
};

const sortedJson = (config: Readonly<Record<string, string>>): string => JSON.stringify(sortedMap(config));

function write({ type, data }: NetworkPeerEvent): QueryConfig | QueryConfig[] {
  switch (type) {
    case 'NetworkPeerCreated':
      return {
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
      };
    case 'NetworkPeersLinked':
      return {
        name: 'peer_link',
        text: `UPDATE peer SET status = 'created', other_network_id = CASE network_id WHEN $2 THEN $3 ELSE $2 END WHERE peer_id = ANY ($1)`,
        values: [data.peerIds, ...data.networkIds],
      };
    case 'NetworkPeerUpdated':
      return {
        text: 'UPDATE peer SET description = $2, config = $3, etag = $4 WHERE peer_id = $1',
        values: [data.peerId, data.description, sortedJson(data.config), peerEtag(data)],
      };
    case 'NetworkPeerDeleted':
      return [
        { text: 'DELETE FROM peer WHERE peer_id = $1', values: [data.peerId] },
        ...(data.erroredPeerId
          ? [{ text: `UPDATE peer SET status = 'errored', other_network_id = NULL WHERE peer_id = $1`, values: [data.erroredPeerId] }]
          : []),
      ];
    default:
      return type satisfies never;
  }
}

export const peerGroupProjection: InlineProjection = {
  name: 'peer-group',
  tables: ['peer_group'],
  handles: ['NetworkPeerGroupCreated', 'NetworkPeerGroupUpdated', 'NetworkPeerGroupDeleted'],
  statements: (events) =>
    (events as readonly (ProjectedEvent & NetworkPeerGroupEvent)[]).map(({ type, data }) => {
      if (type === 'NetworkPeerGroupDeleted') return { text: 'DELETE FROM peer_group WHERE group_id = $1', values: [data.groupId] };
      const config = sortedMap(data.config);
      return {
        text: `INSERT INTO peer_group (group_id, project, name, members, head, etag) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (group_id) DO UPDATE SET members = excluded.members, head = excluded.head, etag = excluded.etag`,
        values: [
          data.groupId,
          data.project,
          data.name,
          data.members,
          `{"config":${JSON.stringify(config)},"description":${JSON.stringify(data.description)}`,
          etagOf([data.name, data.description, config, data.members]),
        ],
      };
    }),
};
