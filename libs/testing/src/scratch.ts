import { chmodSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isAlive, releaseSharedMemory, type ProcessIdentity } from '@weft/embedded';

const PREFIX = 'weft-test-';
const OWNER_FILE = 'owner.json';
/** Not os.tmpdir(): /tmp is often memory, and these tests mean the disk. */
const parentDir = (): string => process.env.TMPDIR ?? '/var/tmp';

let swept: Promise<void> | undefined;

/**
 * A directory that disappears: with `remove()`, or, when this process is killed first, at the next test run's start.
 */
export const scratchDir = async (): Promise<{ path: string; remove(): Promise<void> }> => {
  await (swept ??= sweep());
  const path = await mkdtemp(join(parentDir(), PREFIX));
  chmodSync(path, 0o755);
  await writeFile(join(path, OWNER_FILE), JSON.stringify(identify(process.pid)));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
};

/** Removes what test processes left behind that are no more. */
const sweep = async (): Promise<void> => {
  for (const name of await readdir(parentDir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(parentDir(), name);
    const owner = await readFile(join(path, OWNER_FILE), 'utf8').then(
      (text) => JSON.parse(text) as ProcessIdentity,
      () => undefined,
    );
    // Without an owner file it was made this very moment, or its maker died in that moment: leave it alone.
    if (!owner || isAlive(owner)) continue;
    await releaseSharedMemory(join(path, 'data'));
    await rm(path, { recursive: true, force: true });
  }
};
