import { z } from 'zod';

/** LXD status codes (LXD API, doc/rest-api.md "Status codes"). */
export const STATUS_CODE = {
  OperationCreated: 100,
  Started: 101,
  Stopped: 102,
  Running: 103,
  Cancelling: 104,
  Pending: 105,
  Starting: 106,
  Stopping: 107,
  Aborting: 108,
  Freezing: 109,
  Frozen: 110,
  Thawed: 111,
  Error: 112,
  Ready: 113,
  Success: 200,
  Failure: 400,
  Cancelled: 401,
} as const;

/** The LXD operation, as `GET /1.0/operations/<id>` and the events websocket give it. Field order is LXD's. */
export const lxdOperationSchema = z.object({
  id: z.string(),
  class: z.enum(['task', 'websocket', 'token']),
  description: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  status: z.string(),
  status_code: z.number(),
  resources: z.record(z.string(), z.array(z.string())).nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  may_cancel: z.boolean(),
  err: z.string(),
  location: z.string(),
});
export type LxdOperation = z.infer<typeof lxdOperationSchema>;
