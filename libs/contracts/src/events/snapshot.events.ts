import { z } from 'zod';
import { snapshotFields } from '../agent';

/** What a snapshot froze of its instance. `id` names its disk on the host. */
export const snapshotContent = z.object({
  ...snapshotFields,
  /** Profile ids. */
  profiles: z.array(z.string()),
});
export type SnapshotContent = z.infer<typeof snapshotContent>;

/** In the stream of their instance: a snapshot's name is unique there, and restore needs both. */
export const snapshotEvents = {
  SnapshotCreated: z.object({ id: z.string(), project: z.string(), name: z.string(), operationId: z.string(), snapshot: snapshotContent }),
  SnapshotUpdated: z.object({
    id: z.string(),
    project: z.string(),
    name: z.string(),
    snapshotId: z.string(),
    snapshotName: z.string(),
    expiresAt: z.string().nullable(),
  }),
  SnapshotRenamed: z.object({ id: z.string(), project: z.string(), name: z.string(), snapshotId: z.string(), oldName: z.string(), snapshotName: z.string() }),
  SnapshotDeleted: z.object({
    id: z.string(),
    project: z.string(),
    name: z.string(),
    operationId: z.string(),
    snapshotId: z.string(),
    snapshotName: z.string(),
  }),
} as const;
