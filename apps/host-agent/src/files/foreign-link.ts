import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** As many as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * The first symbolic link on the way to `path` that somebody other than root may have put there, if any. A guest that
 * writes to a shared directory of the host could lead a later mount of something in it anywhere: a link counts as
 * foreign when it, or a directory on the way to it, belongs to another user or can be replaced by one.
 * @param path absolute; what is not there has no foreign link
 */
export async function foreignLink(path: string): Promise<string | undefined> {
  const parts = path.split('/');
  let directory = '/';
  let isOwn = true;
  for (let links = 0; parts.length > 0;) {
    const part = parts.shift()!;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      directory = dirname(directory);
      continue;
    }
    isOwn &&= await isRootsOwn(directory);
    const next = join(directory, part);
    const found = await lstat(next).catch(() => undefined);
    if (!found?.isSymbolicLink()) {
      directory = next;
      continue;
    }
    if (!isOwn || found.uid !== 0 || ++links > MAX_LINKS) return next;
    const target = await readlink(next);
    parts.unshift(...target.split('/'));
    if (target.startsWith('/')) directory = '/';
  }
  return undefined;
}

const isRootsOwn = (directory: string): Promise<boolean> =>
  stat(directory).then(
    ({ uid, mode }) => uid === 0 && ((mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0),
    () => false,
  );
