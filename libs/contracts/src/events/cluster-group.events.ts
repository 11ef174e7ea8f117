import { z } from 'zod';
import type { EventOf } from './definition';

/** Stream `clustergroup-<id>`. Who belongs to a group is said by the members (MemberUpdated). */
export const clusterGroupEvents = {
  ClusterGroupCreated: z.object({ id: z.string(), name: z.string(), description: z.string() }),
  ClusterGroupUpdated: z.object({ id: z.string(), name: z.string(), description: z.string() }),
  ClusterGroupRenamed: z.object({ id: z.string(), oldName: z.string(), name: z.string() }),
  ClusterGroupDeleted: z.object({ id: z.string(), name: z.string() }),
} as const;
export type ClusterGroupEvent = EventOf<typeof clusterGroupEvents>;
