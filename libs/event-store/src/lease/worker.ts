/**
 * A worker that runs on one replica at a time: waits for its lease, runs a session, starts over when the session
 * fails, and gives the lease back when it is stopped.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { newId } from '@weft/contracts';
import type { StoreLogger } from '../logger';
import { acquireLease, type Lease } from './lease';

export interface Worker {
  start(): void;
  /** Resolves when nothing of the worker runs any more. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  pool: Pool;
  schema: string;
  name: string;
  leaseMs: number;
  logger: StoreLogger;
  /** Runs until `signal` aborts (lease lost or worker stopped) or something fails. */
  session(lease: Lease, signal: AbortSignal): Promise<void>;
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;

export function createWorker(options: WorkerOptions): Worker {
  const { logger, name, leaseMs } = options;
  const owner = newId();
  let stopping: AbortController | undefined;
  let done: Promise<void> = Promise.resolve();

  const attempt = async (signal: AbortSignal): Promise<boolean> => {
    const lease = await acquireLease({ ...options, owner });
    if (!lease) return false;
    try {
      await options.session(lease, AbortSignal.any([lease.lost, signal]));
      return true;
    } finally {
      await lease.release();
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        pause = (await attempt(signal)) ? FIRST_PAUSE_MS : Math.max(FIRST_PAUSE_MS, leaseMs / 5);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ err: error, worker: name }, 'worker failed, starting over');
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    start() {
      if (stopping) return;
      stopping = new AbortController();
      done = run(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await done;
      stopping = undefined;
    },
  };
}
