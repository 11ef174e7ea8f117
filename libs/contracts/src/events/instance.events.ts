/**
 * Stream `instance-<id>`. Every event carries id, project and name, so that a listener needs nothing else.
 * `operationId` is the operation that holds the instance's lock; an event that ends the work releases it.
 */
import { z } from 'zod';
import { devicesSchema, instanceType, stringMap } from '../agent';
import type { EventOf } from './definition';
import { snapshotContent, snapshotEvents } from './snapshot.events';

const place = { id: z.string(), project: z.string(), name: z.string() };
const operation = { operationId: z.string() };
const writable = {
  architecture: z.string(),
  ephemeral: z.boolean(),
  description: z.string(),
  config: stringMap,
  devices: devicesSchema,
  /** Profile ids, in order. */
  profiles: z.array(z.string()),
};
export const lockKind = z.enum([
  'create',
  'start',
  'stop',
  'restart',
  'freeze',
  'unfreeze',
  'snapshot',
  'snapshot-delete',
  'restore',
  'rename',
  'update',
  'delete',
  'migrate',
]);
export type LockKind = z.infer<typeof lockKind>;

/** Why an instance is not running any more. */
export const stopReason = z.enum(['requested', 'guest', 'crashed', 'host', 'failed', 'evacuated']);

export const instanceEvents = {
  InstanceCreated: z.object({
    ...place,
    ...operation,
    ...writable,
    type: instanceType,
    member: z.string(),
    imageFingerprint: z.string(),
    /** ISO 8601. */
    createdAt: z.string(),
    snapshots: z.array(snapshotContent),
    /** Where it was copied from, for the audit trail. */
    copiedFrom: z.string().nullable(),
  }),
  /** Its root disk exists: it can be used. */
  InstanceProvisioned: z.object({ ...place, ...operation }),
  InstanceStarting: z.object({ ...place, ...operation, epoch: z.number().int() }),
  InstanceStarted: z.object({ ...place, ...operation, at: z.string() }),
  InstanceStopping: z.object({ ...place, ...operation }),
  /** `stateful`: what it had in its memory is kept for the next start. */
  InstanceStopped: z.object({ ...place, ...operation, reason: stopReason, stateful: z.boolean().optional() }),
  InstanceRestarting: z.object({ ...place, ...operation, epoch: z.number().int() }),
  InstanceRestarted: z.object({ ...place, ...operation, at: z.string() }),
  InstanceFreezing: z.object({ ...place, ...operation }),
  InstanceFrozen: z.object({ ...place, ...operation }),
  InstanceUnfreezing: z.object({ ...place, ...operation }),
  InstanceUnfrozen: z.object({ ...place, ...operation }),
  /** The work of an operation failed or was undone: back to the status before it. */
  InstanceActionFailed: z.object({ ...place, ...operation, status: z.enum(['stopped', 'running', 'frozen', 'error']), message: z.string() }),
  /** Work that does not change the status (snapshot, restore, update of what runs). */
  InstanceLocked: z.object({ ...place, ...operation, kind: lockKind }),
  InstanceUnlocked: z.object({ ...place, ...operation }),
  /** The disk is being read (a copy): nothing may delete or replace it until it is released. */
  InstanceRetained: z.object({ ...place, ...operation }),
  InstanceReleased: z.object({ ...place, ...operation }),
  /** Always the whole new content. */
  InstanceUpdated: z.object({ ...place, ...writable, operationId: z.string().nullable() }),
  InstanceRenamed: z.object({ ...place, ...operation, oldName: z.string() }),
  InstanceRestored: z.object({ ...place, ...operation, ...writable, snapshotName: z.string() }),
  /**
   * It is another member's now. `epoch` is the one of its run there; the operation still holds it. `origin`: the
   * evacuated member that it belongs to and returns to, "" when it has returned; unset leaves that as it is.
   */
  InstanceMoved: z.object({ ...place, ...operation, member: z.string(), from: z.string(), epoch: z.number().int(), origin: z.string().optional() }),
  InstanceDeleting: z.object({ ...place, ...operation }),
  InstanceDeleted: z.object({ ...place, ...operation, reason: z.enum(['requested', 'ephemeral', 'undone']) }),
  ...snapshotEvents,
} as const;
export type InstanceEvent = EventOf<typeof instanceEvents>;
