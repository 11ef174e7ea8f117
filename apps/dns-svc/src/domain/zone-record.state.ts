import { etagOf, sortedMap, type ZoneEntry, type ZoneRecordEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export interface ActiveRecord {
  status: 'active';
  id: string;
  zoneId: string;
  zone: string;
  project: string;
  name: string;
  description: string;
  entries: ZoneEntry[];
  config: Record<string, string>;
}

export type RecordState = { status: 'none' } | ActiveRecord | { status: 'deleted' };

export const recordFold: Fold<RecordState, ZoneRecordEvent> = {
  initial: { status: 'none' },
  evolve(_state, event) {
    switch (event.type) {
      case 'ZoneRecordCreated':
      case 'ZoneRecordUpdated':
        return { status: 'active', ...event.data };
      case 'ZoneRecordDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const recordStream = (id: string): string => `zonerecord-${id}`;

/** In LXD's order of fields; a TTL of zero is not written, and no entries are `null` in Go. */
export const lxdEntries = (entries: readonly ZoneEntry[]): ZoneEntry[] | null =>
  entries.length === 0 ? null : entries.map(({ type, ttl, value }) => (ttl === undefined ? { type, value } : { type, ttl, value }));

export const recordEtag = ({ description, entries, config }: Pick<ActiveRecord, 'description' | 'entries' | 'config'>): string =>
  etagOf({ description, entries: lxdEntries(entries), config: sortedMap(config) });
