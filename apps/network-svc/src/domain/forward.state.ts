import { etagOf, sortedMap, type ForwardPort, type NetworkForwardEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export interface ActiveForward {
  status: 'active';
  forwardId: string;
  networkId: string;
  project: string;
  networkName: string;
  uplinkId: string;
  listenAddress: string;
  description: string;
  config: Record<string, string>;
  ports: ForwardPort[];
}

export type ForwardAggregate = { status: 'none' } | ActiveForward | { status: 'deleted' };

export const forwardFold: Fold<ForwardAggregate, NetworkForwardEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'NetworkForwardCreated':
        return { status: 'active', ...event.data };
      case 'NetworkForwardUpdated':
        return state.status === 'active' ? { ...state, ...event.data } : state;
      case 'NetworkForwardDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const forwardStream = (id: string): string => `network-forward-${id}`;

/** Fields in LXD's order. */
export const portDocument = ({ description, protocol, listen_port, target_port, target_address }: ForwardPort): ForwardPort => ({
  description,
  protocol,
  listen_port,
  target_port,
  target_address,
});

export const forwardEtag = ({ listenAddress, description, config, ports }: Pick<ActiveForward, 'listenAddress' | 'description' | 'config' | 'ports'>): string =>
  etagOf([listenAddress, description, sortedMap(config), ports.map(portDocument)]);
