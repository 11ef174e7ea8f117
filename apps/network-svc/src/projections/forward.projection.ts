import type { QueryConfig } from 'pg';
import { canonicalJson, sortedMap, type NetworkForwardEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { forwardEtag, portDocument } from '../domain/forward.state';

export const forwardProjection: InlineProjection = {
  name: 'forward',
  tables: ['forward'],
  handles: ['NetworkForwardCreated', 'NetworkForwardUpdated', 'NetworkForwardDeleted'],
  statements: (events) => (events as readonly (ProjectedEvent & NetworkForwardEvent)[]).map(write),
};

type Content = Extract<NetworkForwardEvent, { type: 'NetworkForwardUpdated' }>['data'];

function write({ type, data }: NetworkForwardEvent): QueryConfig {
  switch (type) {
    case 'NetworkForwardCreated':
    case 'NetworkForwardUpdated':
      return {
        name: 'forward_write',
        text: `INSERT INTO forward (forward_id, network_id, listen_address, config, ports, doc, etag) VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (forward_id) DO UPDATE SET config = excluded.config, ports = excluded.ports, doc = excluded.doc, etag = excluded.etag`,
        values: [data.forwardId, data.networkId, data.listenAddress, canonicalJson(data.config), JSON.stringify(data.ports), document(data), forwardEtag(data)],
      };
    case 'NetworkForwardDeleted':
      return { text: 'DELETE FROM forward WHERE forward_id = $1', values: [data.forwardId] };
    default:
      return type satisfies never;
  }
}

/** Fields in LXD's order. */
const document = ({ description, config, ports, listenAddress }: Content): string =>
  JSON.stringify({ description, config: sortedMap(config), ports: ports.map(portDocument), listen_address: listenAddress, location: '' });
