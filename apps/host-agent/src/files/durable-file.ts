import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';

/**
 * Replaces a file so that after a crash, even of the machine, it holds either the old or the new content: written
 * beside, flushed, renamed, and the directory flushed (rename(2), fsync(2)).
 */
export async function writeDurably(path: string, content: string, options: { mode?: number } = {}): Promise<void> {
  await replaceFile(path, content, options);
  await syncDirectory(dirname(path));
}

/** The same up to the directory: for a file that counts only together with one that is written durably after it. */
export async function replaceFile(path: string, content: string, options: { mode?: number } = {}): Promise<void> {
  const beside = `${path}.${randomUUID().slice(0, 8)}.new`;
  try {
    const file = await open(beside, 'wx', options.mode ?? 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Flushes of directories that have not begun yet: whoever comes now is served by them too. */
const toBegin = new Map<string, Promise<void>>();
const underWay = new Map<string, Promise<void>>();

/** What was renamed in the directory before the call is on the disk after it. Calls that come together share one flush. */
export function syncDirectory(path: string): Promise<void> {
  const waiting = toBegin.get(path);
  if (waiting) return waiting;
  const turn = (underWay.get(path) ?? Promise.resolve()).then(() => {
    toBegin.delete(path);
    const flush = flushDirectory(path);
    const settled = flush.catch(() => undefined).then(() => void (underWay.get(path) === settled && underWay.delete(path)));
    underWay.set(path, settled);
    return flush;
  });
  toBegin.set(path, turn);
  return turn;
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The parsed file, or `undefined` when there is none. A file that does not parse is a defect: it throws. */
export async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
}
