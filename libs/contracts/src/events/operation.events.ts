import { z } from 'zod';
import { lxdOperationSchema } from '../lxd/operation';
import type { EventOf } from './definition';

const place = { id: z.string(), project: z.string(), /** As LXD renders it at that moment. */ operation: lxdOperationSchema };

/** Stream `operation-<id>`. Progress is not here: it goes over `weft.progress.<project>.<id>`. */
export const operationEvents = {
  OperationCreated: z.object({
    ...place,
    /** Milliseconds since the epoch: when the operation ends as failed if nothing else ended it; `null` for those that a person holds open. */
    deadlineAt: z.number().nullable(),
    /** The agent process that carries an exec or console; its end is the operation's end. */
    carrier: z.object({ member: z.string(), bootId: z.string() }).nullable(),
    sagaType: z.string().nullable(),
  }),
  OperationCancelRequested: z.object({ ...place }),
  OperationCompleted: z.object({
    ...place,
    status: z.enum(['Success', 'Failure', 'Cancelled']),
    err: z.string(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
  }),
} as const;
export type OperationEvent = EventOf<typeof operationEvents>;
