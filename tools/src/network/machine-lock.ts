import { eventually } from '@weft/embedded';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { takePidFile } from '../supervise/single';
import { MACHINE_DIR } from './machine-nat';

const LONGEST_MS = 60_000;

/** One platform at a time looks for free addresses and changes what all of them share. Freed by the death of its holder. */
export const withMachineLock = async <T>(work: () => Promise<T>): Promise<T> => {
  mkdirSync(MACHINE_DIR, { recursive: true });
  const lock = join(MACHINE_DIR, 'network.lock');
  await eventually(() => takePidFile(lock) === undefined, { timeoutMs: LONGEST_MS, what: `${lock}, which another platform holds` });
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
};
