/**
 * The memory of a guest in a file beside its disk (QEMU docs/devel/migration: "file:" URI).
 *
 *   running --stop--> paused --migrate file:state.new--> postmigrate --rename, record--> quit      (stop --stateful)
 *      ^----------------- cont: no room, a failed write ------'
 *   QEMU -incoming defer --migrate-incoming file:state.bin--> paused --record, cont--> running     (start)
 *
 * From `cont` on the disk moves on and the file is history: the record forgets it before.
 */
import { rm, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import { type MigrationInfo, QmpError, type QmpClient, type RunState } from '@weft/qmp';
import { diskFull, SAYS_DISK_FULL } from '../../files/disk-full';
import type { GuestAbi } from './guest-abi';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';
import { lastWords } from './vm-process';

const POLL_MS = 20;
/** Devices, page tables and the like, beside the guest's memory. */
const DEVICES_BYTES = 32 * 1024 ** 2;
/** The file is local: nobody else waits for the bandwidth. */
const UNLIMITED_BYTES_PER_SECOND = 100e9;

/**
 * The most that the state of that machine can take; looked at before the guest is paused.
 * @throws WeftError disk.full
 */
export async function requireRoomForState(paths: VmPaths, abi: GuestAbi): Promise<void> {
  const { bavail, bsize } = await statfs(paths.dir);
  const [needed, free] = [abi.memoryBytes + DEVICES_BYTES, bavail * bsize];
  if (free >= needed) return;
  throw new WeftError(
    'disk.full',
    `The state of the instance may take ${mib(needed)}MiB and its host has ${mib(free)}MiB free: make room, or stop it without --stateful`,
  );
}

/**
 * Writes the memory of the paused guest to `file` and leaves QEMU in "postmigrate". A repeat joins what an earlier
 * agent began.
 */
export async function saveMemory(paths: VmPaths, file: string): Promise<void> {
  const { migration, status } = await look(paths);
  if (status === 'postmigrate') return;
  if (!isUnderWay(migration)) {
    await rm(file, { force: true });
    await withMonitor(paths, (qmp) => begin(qmp, file));
  }
  await endedWell(paths, file);
}

/**
 * Writes the memory of the paused guest as it is now to `file`, while the guest may go on: QEMU protects each page until
 * it is written (userfaultfd). Wants `setBackground(paths, true)` before. `captured` is called as soon as the guest may go on.
 */
export async function saveMemoryInBackground(paths: VmPaths, file: string, captured: () => Promise<void>): Promise<void> {
  await withMonitor(paths, async (qmp) => {
    await begin(qmp, file);
    for (let info = await qmp.execute('query-migrate'); isUnderWay(info) && !pagesFlow(info); info = await qmp.execute('query-migrate')) await sleep(2);
  });
  await captured();
  await endedWell(paths, file);
}

/** Whether this host can: found out by trying. */
export const setBackground = (paths: VmPaths, on: boolean): Promise<boolean> =>
  withMonitor(paths, (qmp) =>
    qmp.execute('migrate-set-capabilities', { capabilities: [{ capability: 'background-snapshot', state: on }] }).then(
      () => on,
      (error: unknown) => {
        if (!(error instanceof QmpError)) throw error;
        return false;
      },
    ),
  );

/** Device state goes first: once pages are written, the moment is captured. */
const pagesFlow = ({ ram }: MigrationInfo): boolean => (ram?.normal ?? 0) + (ram?.duplicate ?? 0) > 0;

async function begin(qmp: QmpClient, file: string): Promise<void> {
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': UNLIMITED_BYTES_PER_SECOND });
  await qmp.execute('migrate', { uri: `file:${file}` });
}

async function endedWell(paths: VmPaths, file: string): Promise<void> {
  const ended = await untilEnded(paths);
  if (ended.status === 'completed') return;
  await rm(file, { force: true });
  const why = ended['error-desc'] ?? ended.status ?? 'unknown';
  throw SAYS_DISK_FULL.test(why) ? diskFull() : new WeftError('task.failed', `The state of the guest could not be saved: ${why}`);
}

/** Fills a QEMU that was launched for it. @throws WeftError with QEMU's words: the file stays */
export async function loadMemory(paths: VmPaths, file: string): Promise<void> {
  const failed = async (why: string) => new WeftError('instance.wrong-status', `The saved state cannot be restored: ${why}\n${await lastWords(paths)}`.trim());
  await withMonitor(paths, (qmp) => qmp.execute('migrate-incoming', { uri: `file:${file}` })).catch(async (error: unknown) => {
    throw error instanceof QmpError ? await failed(error.description) : error;
  });
  const ended = await untilEnded(paths).catch(() => ({ status: 'failed' as const, 'error-desc': 'QEMU ended' }));
  if (ended.status !== 'completed') throw await failed(ended['error-desc'] ?? ended.status ?? '');
}

export const pauseGuest = (paths: VmPaths): Promise<void> => withMonitor(paths, async (qmp) => void (await qmp.execute('stop')));
export const resumeGuest = (paths: VmPaths): Promise<void> => withMonitor(paths, async (qmp) => void (await qmp.execute('cont')));

const look = (paths: VmPaths): Promise<{ migration: MigrationInfo; status: RunState }> =>
  withMonitor(paths, async (qmp) => ({ migration: await qmp.execute('query-migrate'), status: (await qmp.execute('query-status')).status }));

async function untilEnded(paths: VmPaths): Promise<MigrationInfo> {
  for (;;) {
    const info = await withMonitor(paths, (qmp) => qmp.execute('query-migrate'));
    if (!isUnderWay(info)) return info;
    await sleep(POLL_MS);
  }
}

/** No status at all: an incoming one that has only been asked for. */
const isUnderWay = ({ status }: MigrationInfo): boolean => status !== undefined && !['none', 'completed', 'failed', 'cancelled'].includes(status);

const mib = (bytes: number): number => Math.ceil(bytes / 1024 ** 2);
