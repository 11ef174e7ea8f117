import { z } from 'zod';
import type { EventOf } from './definition';

/** Stream `member-<name>`. Being online or not is not an event: heartbeats say so. */
export const memberEvents = {
  MemberJoined: z.object({ name: z.string(), architecture: z.string() }),
} as const;
export type MemberEvent = EventOf<typeof memberEvents>;
