/**
 * Room for what must be written even when the disk is full: that a guest was stopped, that a task is done.
 *
 *   <state directory>/reserve   1 MiB; gives a slice away whenever such a write finds no room, and is filled up again later
 *
 * A slice at a time, because a guest that fills the disk takes whatever is left of it. One per process, as there is
 * one state directory.
 */
import { open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { isOutOfSpace } from './disk-full';

const RESERVE_BYTES = 1024 ** 2;
const SLICE_BYTES = 64 * 1024;

let file: string | undefined;
let isWhole = true;

/** Fills the reserve up as far as there is room. Called at start, and whenever some of it was spent. */
export async function keepReserve(dir: string): Promise<void> {
  file = join(dir, 'reserve');
  const handle = await open(file, 'a', 0o600);
  try {
    const { size } = await handle.stat();
    // Zeros that are written take room; a file that is only made longer takes none.
    for (let bytes = size; bytes < RESERVE_BYTES; bytes += SLICE_BYTES) await handle.writeFile(Buffer.alloc(SLICE_BYTES));
    isWhole = true;
  } catch (error) {
    if (!isOutOfSpace(error)) throw error;
    isWhole = false;
  } finally {
    await handle.close();
  }
}

/** Does a small write that may take from the reserve when there is no other room. The write is tried again as a whole. */
export async function withReserve<T>(write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!isOutOfSpace(error) || !(await giveSlice())) throw error;
    }
  }
}

/** Fills up what was spent. */
export const refillReserve = async (dir: string): Promise<void> => (isWhole ? undefined : keepReserve(dir));

async function giveSlice(): Promise<boolean> {
  if (file === undefined) return false;
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size === 0) return false;
  isWhole = false;
  await truncate(file, Math.max(0, size - SLICE_BYTES));
  return true;
}
