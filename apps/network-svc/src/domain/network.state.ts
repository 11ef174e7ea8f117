/**
 *   none --NetworkCreated--> active --NetworkDeleted--> deleted
 *                            |    ^
 *                            +----+ NetworkUpdated, NetworkRenamed
 */
import { etagOf, sortedMap, type NetworkEvent, type NetworkType } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export const DEFAULT_PROJECT = 'default';

export interface ActiveNetwork {
  status: 'active';
  networkId: string;
  project: string;
  name: string;
  number: number;
  type: NetworkType;
  description: string;
  config: Record<string, string>;
  uplinkId: string | null;
}

export type NetworkAggregate = { status: 'none' } | ActiveNetwork | { status: 'deleted' };

export const networkFold: Fold<NetworkAggregate, NetworkEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'NetworkCreated':
        return { status: 'active', ...event.data };
      case 'NetworkUpdated':
        return state.status === 'active' ? { ...state, ...event.data } : state;
      case 'NetworkRenamed':
        return state.status === 'active' ? { ...state, name: event.data.name } : state;
      case 'NetworkDeleted':
        return { status: 'deleted' };
      case 'NetworkDriftFound':
      case 'NetworkRepaired':
        return state;
      default:
        return event satisfies never;
    }
  },
};

export const networkStream = (id: string): string => `network-${id}`;

export const networkEtag = ({ name, type, description, config }: Pick<ActiveNetwork, 'name' | 'type' | 'description' | 'config'>): string =>
  etagOf([name, true, type, description, sortedMap(config)]);
