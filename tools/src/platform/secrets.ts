import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A secret that is made once and kept in a file that only we can read. */
export const keptSecret = (dir: string, name: string): string => {
  const path = join(dir, name);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    const secret = randomBytes(24).toString('hex');
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  }
};
