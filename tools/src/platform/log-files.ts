import { copyFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const LARGEST_BYTES = 64 * 1024 * 1024;

/** Copies a log that grew too large to `<name>.log.1` and empties it. Services append, so they go on at the new end. */
export const limitLogs = (dir: string, largestBytes = LARGEST_BYTES): void => {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (!name.endsWith('.log') || statSync(path).size <= largestBytes) continue;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  }
};
