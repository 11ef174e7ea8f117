import type { ServerEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { etagOf, sortedMap } from './etag';

export interface ServerState {
  config: Record<string, string>;
}

export const serverFold: Fold<ServerState, ServerEvent> = {
  initial: { config: {} },
  evolve(_state, event) {
    switch (event.type) {
      case 'ServerConfigUpdated':
        return { config: event.data.config };
      default:
        return event.type satisfies never;
    }
  },
};

export const SERVER_STREAM = 'server-config';
export const serverEtag = (server: ServerState): string => etagOf([sortedMap(server.config)]);
