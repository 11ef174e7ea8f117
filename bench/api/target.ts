import { readFileSync } from 'node:fs';
import type { Endpoint } from './http';

/** A server under measurement. */
export interface Target {
  name: string;
  endpoint: Endpoint;
  /** Measure from inside this process's network namespace. */
  namespaceOf?: number;
  /** Every process that belongs to the server, for its memory. */
  processes(): number[];
  stop(): Promise<void>;
}

/** Proportional set size of processes, MiB: shared pages are counted once. */
export function memoryMiB(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids) {
    try {
      kib += Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+)/m)?.[1] ?? 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  return kib / 1024;
}
