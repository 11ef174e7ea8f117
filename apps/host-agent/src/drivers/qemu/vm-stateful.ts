/** Stateful stop, snapshot and restore of one VM; vm-saved-state.ts has the way of the memory itself. */
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '@weft/contracts';
import { readJson, writeDurably } from '../../files/durable-file';
import { copyFile as copySparse } from '../../storage/vm-disk';
import { requireSnapshot } from '../../storage/vm-snapshots';
import { type GuestAbi, guestAbiSchema } from './guest-abi';
import { forgetSettings } from './migration-record';
import { runState } from './vm-lifecycle';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';
import { kill } from './vm-process';
import { type VmRecord, writeRecord } from './vm-record';
import { pauseGuest, requireRoomForState, resumeGuest, saveMemory, saveMemoryInBackground, setBackground } from './vm-saved-state';

/** Names in a snapshot's directory. */
const [STATE, ABI, SEED] = ['state.bin', 'abi.json', 'seed.img'];

/** Memory to the disk, then the end of QEMU. A failure lets the guest go on as it was. */
export async function stopWithState(paths: VmPaths, record: VmRecord): Promise<void> {
  const state = await runState(paths);
  if (record.phase === 'stopped' && record.saved) return kill(paths);
  if (state === undefined) return;
  const abi = requireAbi(record);
  const fresh = `${paths.state}.new`;
  if (state !== 'postmigrate') await requireRoomForState(paths, abi);
  try {
    if (state !== 'postmigrate') await withMonitor(paths, forgetSettings);
    if (state === 'running') await pauseGuest(paths);
    await saveMemory(paths, fresh);
    await replaceFlushed(fresh, paths.state);
    await writeRecord(paths, { ...record, phase: 'stopped', saved: abi });
  } catch (error) {
    await rm(fresh, { force: true });
    if (state !== 'paused') await resumeGuest(paths);
    throw error;
  }
  await kill(paths);
}

/** Begins to copy the disk as it is when it is called; resolves when that has begun, to what waits for its end. */
export type CopyDisk = () => Promise<() => Promise<void>>;

/**
 * Adds the memory of this moment to a snapshot of the running guest.
 * @param partial the snapshot's directory while it is made
 */
export async function snapshotWithState(paths: VmPaths, record: VmRecord, partial: string, copyDisk: CopyDisk): Promise<void> {
  const abi = requireAbi(record);
  await requireRoomForState(paths, abi);
  await writeDurably(join(partial, ABI), JSON.stringify(abi));
  await copyFile(paths.seed, join(partial, SEED));
  await withMonitor(paths, forgetSettings);
  if ((await runState(paths)) === 'paused') return captureAll(paths, partial, copyDisk);
  let paused = true;
  const resume = async () => {
    if (paused) await resumeGuest(paths);
    paused = false;
  };
  const inBackground = await setBackground(paths, true);
  await pauseGuest(paths);
  try {
    if (inBackground) await captureMoment(paths, partial, copyDisk, resume);
    else await captureAll(paths, partial, copyDisk);
  } finally {
    await resume();
    await setBackground(paths, false);
  }
}

/** The guest goes on while its memory and its disk are written. */
async function captureMoment(paths: VmPaths, partial: string, copyDisk: CopyDisk, resume: () => Promise<void>): Promise<void> {
  const diskCopied = await copyDisk();
  try {
    await saveMemoryInBackground(paths, join(partial, STATE), resume);
  } finally {
    await diskCopied();
  }
}

/** The guest waits for all of it: QEMU gives the disk up when memory is saved, so that one comes first. */
async function captureAll(paths: VmPaths, partial: string, copyDisk: CopyDisk): Promise<void> {
  await (
    await copyDisk()
  )();
  await saveMemory(paths, join(partial, STATE));
}

/** What a restored instance goes on from. @throws WeftError instance.wrong-status when the snapshot has no state */
export async function restoreState(paths: VmPaths, snapshotId: string): Promise<GuestAbi> {
  const place = await requireSnapshot(paths.dir, snapshotId);
  const abi = await readJson(join(place, ABI), guestAbiSchema);
  if (!abi) throw new WeftError('instance.wrong-status', 'Instance has no existing state to restore');
  await copyFile(join(place, SEED), paths.seed);
  await copySparse(join(place, STATE), paths.state);
  return abi;
}

function requireAbi({ abi }: VmRecord): GuestAbi {
  if (!abi) throw new WeftError('instance.wrong-status', 'The virtual machine was started by an older agent: restart it once');
  return abi;
}

/** The guest's memory must be on the disk before its process ends. A repeat finds it renamed already. */
async function replaceFlushed(fresh: string, place: string): Promise<void> {
  const file = await open(fresh, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, place);
}
