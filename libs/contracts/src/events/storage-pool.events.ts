import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

/** Stream `storagepool-<name>`: a pool is never renamed. */
export const storagePoolEvents = {
  StoragePoolCreated: z.object({ name: z.string(), driver: z.string(), description: z.string(), config: stringMap }),
  StoragePoolUpdated: z.object({ name: z.string(), description: z.string(), config: stringMap }),
} as const;
export type StoragePoolEvent = EventOf<typeof storagePoolEvents>;
