import type { ClusterGroupEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export interface ActiveClusterGroup {
  status: 'active';
  id: string;
  name: string;
  description: string;
}
export type ClusterGroupState = { status: 'none' } | ActiveClusterGroup | { status: 'deleted' };

export const clusterGroupFold: Fold<ClusterGroupState, ClusterGroupEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'ClusterGroupCreated':
      case 'ClusterGroupUpdated':
        return { status: 'active', ...event.data };
      case 'ClusterGroupRenamed':
        return state.status === 'active' ? { ...state, name: event.data.name } : state;
      case 'ClusterGroupDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const clusterGroupStream = (id: string): string => `clustergroup-${id}`;
