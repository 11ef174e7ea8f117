import { readPidFile, writePidFile, type ProcessIdentity } from '@weft/embedded';
import { linkSync, rmSync } from 'node:fs';

/**
 * Takes the pid file for this process, or returns the living process that holds it. A link appears whole or not at
 * all, so two launchers cannot both have it.
 */
export const takePidFile = (path: string): ProcessIdentity | undefined => {
  const draft = `${path}.${process.pid}`;
  writePidFile(draft, process.pid);
  try {
    for (;;) {
      try {
        linkSync(draft, path);
        return undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readPidFile(path);
      if (holder) return holder;
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
};
