/**
 *   none --NetworkCreated--> active --NetworkDeleted--> deleted
 *    |                       ^ |  ^                        ^
 *    NetworkMemberDefined    | +--+ NetworkUpdated, -Renamed
 *    v                       |                             |
 *   pending --NetworkCreated-+--------NetworkDeleted-------+
 *    NetworkCreateFailed     |                             |
 *    v                       |                             |
 *   errored --NetworkCreated-+--------NetworkDeleted-------+
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
  /** What members have for themselves, before `config`. */
  memberConfig: Record<string, Record<string, string>>;
  uplinkId: string | null;
}

/** Members say what they have for themselves, one after the other, before it is made for all (`lxc network create --target`). */
export interface PendingNetwork {
  status: 'pending' | 'errored';
  networkId: string;
  project: string;
  name: string;
  type: NetworkType;
  memberConfig: Record<string, Record<string, string>>;
  /** What it was to be when a member could not have it. */
  description: string;
  config: Record<string, string>;
}

export type NetworkAggregate = { status: 'none' } | PendingNetwork | ActiveNetwork | { status: 'deleted' };

export const isPending = (state: NetworkAggregate): state is PendingNetwork => state.status === 'pending' || state.status === 'errored';

export const networkFold: Fold<NetworkAggregate, NetworkEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'NetworkMemberDefined': {
        const { member, config, ...place } = event.data;
        const before: PendingNetwork = isPending(state) ? state : { status: 'pending', ...place, memberConfig: {}, description: '', config: {} };
        return { ...before, memberConfig: { ...before.memberConfig, [member]: config } };
      }
      case 'NetworkCreateFailed':
        return isPending(state) ? { ...state, status: 'errored', description: event.data.description, config: event.data.config } : state;
      case 'NetworkCreated':
        return { status: 'active', memberConfig: {}, ...event.data };
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
