/** What an archive from another server may hold: told from the files, before any of them is used. */
import { execFile } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WeftError } from '@weft/contracts';

const refuse = (what: string): never => {
  throw new WeftError('image.invalid', `The other server has sent what does not belong to an instance: ${what}`);
};

/** Nothing else is in `dir`. */
export async function requireOnly(dir: string, allowed: readonly string[]): Promise<void> {
  const other = (await readdir(dir)).find((name) => !allowed.includes(name));
  if (other !== undefined) refuse(`"${other}"`);
}

/** Files, none of them a link. */
export async function requireFiles(dir: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const found = await lstat(join(dir, name)).catch(() => undefined);
    if (!found?.isFile()) refuse(`"${name}" is missing, or no file`);
  }
}

/** Directories, none of them reached by a link. */
export async function requireDirectories(dir: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const found = await lstat(join(dir, name)).catch(() => undefined);
    if (!found?.isDirectory()) refuse(`"${name}" is missing, or no directory`);
  }
}

/** `snapshots` below `dir` has exactly these. */
export async function requireSnapshots(dir: string, ids: readonly string[]): Promise<void> {
  const place = join(dir, 'snapshots');
  const found = await lstat(place).catch(() => undefined);
  if (!found && ids.length === 0) return;
  await requireDirectories(dir, ['snapshots', ...ids.map((id) => join('snapshots', id))]);
  const other = (await readdir(place)).find((id) => !ids.includes(id));
  if (other !== undefined) refuse(`a snapshot "${other}"`);
}

/** An unprivileged container cannot make device nodes: one in its files would be a way to the host. Whiteouts of overlayfs are none. */
export async function requireNoDevices(tree: string): Promise<void> {
  const { stdout } = await promisify(execFile)('find', [tree, '(', '-type', 'b', '-o', '-type', 'c', ')', '-print0'], { maxBuffer: 64 * 1024 * 1024 });
  for (const path of stdout.split('\0').filter(Boolean)) {
    const node = await lstat(path);
    if (!node.isCharacterDevice() || node.rdev !== 0) refuse('a device node');
  }
}
