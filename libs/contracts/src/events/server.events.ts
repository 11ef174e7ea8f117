import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

/** Stream `server-config`. */
export const serverEvents = {
  /** The whole new configuration. A secret key has the value "true": set. What it is set to is in no event. */
  ServerConfigUpdated: z.object({ config: stringMap }),
} as const;
export type ServerEvent = EventOf<typeof serverEvents>;
