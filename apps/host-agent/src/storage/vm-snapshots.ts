/**
 * Snapshots of virtual machines: whole copies of the disk's differences, each in a directory that is renamed into
 * place when it is complete.
 *
 *   stopped:  snapshots/.<id>.partial  --cp-->  rename  snapshots/<id>
 *   running:  the same, filled by QEMU's backup job, which copies what the disk held when the job began
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '@weft/contracts';
import { copyDisk, copyFile, createTwin, DISK, NVRAM } from './vm-disk';

/** Fills `disk` (a twin of the running guest's) with what the guest's disk holds at one moment. */
export type LiveCopy = (disk: string) => Promise<void>;

const placeOf = (dir: string, id: string) => join(dir, 'snapshots', id);
const partialOf = (dir: string, id: string) => join(dir, 'snapshots', `.${id}.partial`);
const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** @param live how to copy when the guest runs */
export async function createVmSnapshot(dir: string, id: string, live: LiveCopy | undefined): Promise<void> {
  if (await isThere(placeOf(dir, id))) return;
  const partial = partialOf(dir, id);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    await copyVmDisk(dir, partial, live);
    await rename(partial, placeOf(dir, id));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

export async function deleteVmSnapshot(dir: string, id: string): Promise<void> {
  const partial = partialOf(dir, id);
  await rm(partial, { recursive: true, force: true });
  // Gone under its name first: a kill in the middle leaves no half a snapshot.
  await rename(placeOf(dir, id), partial).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rm(partial, { recursive: true, force: true });
}

/** The stopped VM's disk and variables become what the snapshot holds. @throws WeftError snapshot.not-found */
export async function restoreVmSnapshot(dir: string, id: string): Promise<void> {
  await copyDisk(await requireSnapshot(dir, id), dir);
}

/** Copies snapshots of another VM: id there -> id here. */
export async function copyVmSnapshots(from: string, to: string, ids: Readonly<Record<string, string>>): Promise<void> {
  for (const [there, here] of Object.entries(ids)) {
    const source = await requireSnapshot(from, there);
    if (await isThere(placeOf(to, here))) continue;
    const partial = partialOf(to, here);
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o700 });
    await copyDisk(source, partial);
    await rename(partial, placeOf(to, here));
  }
}

/** Copies disk and variables of a VM to another directory. */
export async function copyVmDisk(from: string, to: string, live: LiveCopy | undefined): Promise<void> {
  if (!live) return copyDisk(from, to);
  await createTwin(from, to);
  await live(join(to, DISK));
  await copyFile(join(from, NVRAM), join(to, NVRAM));
}

export async function requireSnapshot(dir: string, id: string): Promise<string> {
  const place = placeOf(dir, id);
  if (!(await isThere(place))) throw new WeftError('snapshot.not-found', 'The snapshot is not on this host');
  return place;
}

/** Removes what a kill left half done. */
export async function sweepSnapshots(dir: string): Promise<void> {
  const names = await readdir(join(dir, 'snapshots')).catch(() => []);
  for (const name of names.filter((name) => name.endsWith('.partial'))) await rm(join(dir, 'snapshots', name), { recursive: true, force: true });
}
