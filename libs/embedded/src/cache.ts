import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Things that can be made again at any time: unpacked binaries, templates, built images. `WEFT_CACHE` overrides. */
export const cacheDir = (): string =>
  process.env.WEFT_CACHE ?? (process.getuid?.() === 0 ? '/var/cache/weft' : join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weft'));

/**
 * The directory `name` of the cache, filled by `fill` when it is not there. It appears whole or not at all, and two
 * processes may fill it at the same time: the first one wins.
 */
export const cached = async (name: string, fill: (dir: string) => Promise<void>): Promise<string> => {
  const target = join(cacheDir(), name);
  if (existsSync(target)) return target;
  await mkdir(join(target, '..'), { recursive: true, mode: 0o755 });
  await removeOldDrafts(join(target, '..'));
  const draft = await mkdtemp(`${target}.draft-`);
  try {
    await fill(draft);
    await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
};

/** Nothing takes so long to fill: whoever began it was killed. */
const ABANDONED_MS = 3_600_000;

const removeOldDrafts = async (dir: string): Promise<void> => {
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    const since = name.includes('.draft-')
      ? await stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => undefined,
        )
      : undefined;
    if (since !== undefined && Date.now() - since > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
};
