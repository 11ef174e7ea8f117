import { etagOf, sortedMap, type ZoneEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export interface ActiveZone {
  status: 'active';
  id: string;
  project: string;
  name: string;
  description: string;
  config: Record<string, string>;
  /** Of the last change of the content; 0 and "" before the first. */
  change: number;
  serial: number;
  primary: string;
  contact: string;
}

export type ZoneState = { status: 'none' } | ActiveZone | { status: 'deleted' };

export const zoneFold: Fold<ZoneState, ZoneEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'ZoneCreated':
        return { status: 'active', ...event.data, change: 0, serial: 0, primary: '', contact: '' };
      case 'ZoneUpdated':
        return state.status === 'active' ? { ...state, description: event.data.description, config: event.data.config } : state;
      case 'ZoneContentChanged': {
        const { change, serial, primary, contact } = event.data;
        return state.status === 'active' ? { ...state, change, serial, primary, contact } : state;
      }
      case 'ZoneDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const zoneStream = (id: string): string => `zone-${id}`;

export const zoneEtag = ({ name, description, config }: Pick<ActiveZone, 'name' | 'description' | 'config'>): string =>
  etagOf([name, description, sortedMap(config)]);
