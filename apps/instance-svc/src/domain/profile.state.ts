import type { Devices, ProfileEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { etagOf, sortedMap, sortedMaps } from './etag';

export const DEFAULT_PROFILE = 'default';

export interface ActiveProfile {
  status: 'active';
  id: string;
  project: string;
  name: string;
  description: string;
  config: Record<string, string>;
  devices: Devices;
}

export type ProfileState = { status: 'none' } | ActiveProfile | { status: 'deleted' };

export const profileFold: Fold<ProfileState, ProfileEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'ProfileCreated':
      case 'ProfileUpdated':
        return { status: 'active', ...event.data };
      case 'ProfileRenamed':
        return state.status === 'active' ? { ...state, name: event.data.name } : state;
      case 'ProfileMoved':
        return state.status === 'active' ? { ...state, project: event.data.project } : state;
      case 'ProfileDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const profileStream = (id: string): string => `profile-${id}`;

export const profileEtag = (profile: Pick<ActiveProfile, 'description' | 'config' | 'devices'>): string =>
  etagOf([sortedMap(profile.config), profile.description, sortedMaps(profile.devices)]);
