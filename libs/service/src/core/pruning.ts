/**
 * Deletes what nobody asks for any more: the stored results of old commands and the records of sagas that ended long
 * ago. Events and operations stay for ever. One replica at a time does it, under a lease.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker, pruneCommandLog, type Worker } from '@weft/event-store';
import type { Logger } from '@weft/platform';
import { pruneSagas } from '@weft/saga';
import type { Pool } from 'pg';
import type { Keep } from './service.config';

export interface PruningOptions {
  pool: Pool;
  schema: string;
  keep: Keep;
  log: Logger;
  /** Milliseconds between two rounds; an hour. */
  everyMs?: number;
}

const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;

export function createPruning({ pool, schema, keep, log, everyMs = HOUR_MS }: PruningOptions): Worker {
  const session = async (_lease: unknown, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const commands = await pruneCommandLog(pool, schema, keep.commandLogMs, { signal });
      const sagas = await pruneSagas(pool, schema, keep.sagaMs, signal);
      if (commands + sagas > 0) log.info({ commands, sagas }, 'old commands and sagas deleted');
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  return createWorker({ pool, schema, name: 'pruning', leaseMs: LEASE_MS, logger: log, session });
}
