import { TASKS_STREAM } from './subjects';

/**
 * The durable work queue of all hosts; every process that needs it makes sure that it exists, so all must use the same
 * settings. Nanoseconds where JetStream wants them.
 */
export const tasksStreamConfig = {
  name: TASKS_STREAM,
  subjects: ['weft.task.*'],
  retention: 'workqueue' as const,
  storage: 'file' as const,
  /** A repeated publish with the same message id is dropped within this window. */
  duplicate_window: 60 * 1_000_000_000,
  /** Every sender gives up long before; an agent that was away longer finds nothing stale. */
  max_age: 24 * 3600 * 1_000_000_000,
};

/**
 * Copies that a NATS cluster keeps of a stream: three when the list of servers (`WEFT_NATS_URL`, commas between) names as
 * many, so that it goes on without any one of them. A stream that exists stays as an operator made it.
 */
export const streamCopies = (natsUrl: string): number => (natsUrl.split(',').length >= 3 ? 3 : 1);
