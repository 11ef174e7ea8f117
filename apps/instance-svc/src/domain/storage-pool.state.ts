import type { StoragePoolEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { etagOf, sortedMap } from './etag';

export const DEFAULT_POOL = 'default';

export interface ActiveStoragePool {
  status: 'active';
  name: string;
  driver: string;
  description: string;
  config: Record<string, string>;
}

export type StoragePoolState = { status: 'none' } | ActiveStoragePool;

export const storagePoolFold: Fold<StoragePoolState, StoragePoolEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'StoragePoolCreated':
        return { status: 'active', ...event.data };
      case 'StoragePoolUpdated':
        return state.status === 'active' ? { ...state, description: event.data.description, config: event.data.config } : state;
      default:
        return event satisfies never;
    }
  },
};

export const storagePoolStream = (name: string): string => `storagepool-${name}`;

export const storagePoolEtag = (pool: Pick<ActiveStoragePool, 'name' | 'driver' | 'description' | 'config'>): string =>
  etagOf([pool.name, pool.driver, pool.description, sortedMap(pool.config)]);
