import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

/** What an administrator says of a member; `roles` are those that are given by hand. */
export const memberSettings = z.object({
  description: z.string(),
  config: stringMap,
  roles: z.array(z.string()),
  failureDomain: z.string(),
  /** Names of cluster groups; never empty. */
  groups: z.array(z.string()),
});
export type MemberSettings = z.infer<typeof memberSettings>;

/** Stream `member-<name>`. Being online or not is not an event: heartbeats say so. */
export const memberEvents = {
  MemberJoined: z.object({ name: z.string(), architecture: z.string() }),
  MemberUpdated: z.object({ name: z.string(), ...memberSettings.shape }),
  /** Nothing is placed there any more, until MemberRestored. */
  MemberEvacuated: z.object({ name: z.string() }),
  MemberRestored: z.object({ name: z.string() }),
  /** Its heartbeats are ignored from now on. */
  MemberRemoved: z.object({ name: z.string() }),
  /** May join, with the token of that operation; unset where heartbeats are enough. */
  MemberInvited: z.object({ name: z.string(), operationId: z.string().optional() }),
} as const;
export type MemberEvent = EventOf<typeof memberEvents>;
