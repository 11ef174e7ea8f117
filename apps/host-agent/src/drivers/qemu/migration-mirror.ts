/** The root disk's way to the target: QEMU's mirror job over NBD (QEMU manual, "Live Block Device Operations"). */
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import type { Job, QmpClient } from '@weft/qmp';
import { diskFull, SAYS_DISK_FULL } from '../../files/disk-full';
import type { SourceOrder } from '../mover';
import { addCredentials, CREDENTIALS, unlessRefused } from './migration-record';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';

const JOB = 'weft-move';
const TARGET = 'weft-move-target';
const POLL_MS = 2;

export async function beginMirror(paths: VmPaths, { key, endpoint, limits }: SourceOrder): Promise<void> {
  await addCredentials(paths, key, 'client');
  const server = { type: 'inet', host: endpoint.host, port: String(endpoint.diskPort) };
  await withMonitor(paths, async (qmp) => {
    await unlessRefused(qmp.execute('blockdev-del', { 'node-name': TARGET }));
    await qmp.execute('blockdev-add', { driver: 'nbd', 'node-name': TARGET, server, export: 'root', 'tls-creds': CREDENTIALS });
    await qmp.execute('blockdev-mirror', {
      'job-id': JOB,
      device: 'root',
      target: TARGET,
      sync: 'top',
      'auto-dismiss': false,
      ...(limits.bandwidthBytesPerSecond > 0 ? { speed: limits.bandwidthBytesPerSecond } : {}),
    });
  });
}

export function mirrorFailure(job: Job | undefined): WeftError {
  const why = job?.error ?? 'the connection to the target was lost';
  if (SAYS_DISK_FULL.test(why))
    return new WeftError('disk.full', "The target's disk is full: make room there, or choose another target", { cause: diskFull() });
  return new WeftError('task.failed', `The disk could not be copied to the target: ${why}`);
}

export const mirrorTooSlow = (): WeftError =>
  new WeftError('task.failed', 'The disk was not copied in the time that migration.timeout allows: allow more, or more of migration.bandwidth');

export function mirrorProgress(job: Job): string {
  const [done, total] = [job['current-progress'], job['total-progress']];
  return `Copying the disk: ${total ? Math.floor((100 * done) / total) : 0}% (${mib(done)}MiB of ${mib(total)}MiB)`;
}

/** From then on a write is done when both disks have it: what is left to copy at the hand-over does not grow. */
export const writeToBoth = (qmp: QmpClient): Promise<void> =>
  unlessRefused(qmp.executeAny('block-job-change', { id: JOB, type: 'mirror', 'copy-mode': 'write-blocking' }));

/** Ready, and ended since by an agent that has not lived to see it. */
const ENDING: readonly Job['status'][] = ['waiting', 'pending', 'aborting', 'concluded'];

/**
 * Ends the job of the paused guest with both disks alike; false when they are not. Can be repeated: the job stays until it is dismissed,
 * and one that has ended without an error has copied everything, for the guest has written nothing since.
 */
export async function completeMirror(qmp: QmpClient): Promise<boolean> {
  const before = (await jobOf(qmp))?.status;
  // For a job that is ready, "cancel" means just that.
  if (before === 'ready') await unlessRefused(qmp.execute('block-job-cancel', { device: JOB }));
  else if (!before || !ENDING.includes(before)) return false;
  for (;;) {
    const job = await jobOf(qmp);
    if (!job || job.status === 'concluded') return job !== undefined && job.error === undefined;
    await sleep(POLL_MS);
  }
}

/** Takes the copy down, whatever state it is in. */
export async function endMirror(qmp: QmpClient): Promise<void> {
  for (let job = await jobOf(qmp); job; job = await jobOf(qmp)) {
    if (job.status === 'concluded') await unlessRefused(qmp.execute('job-dismiss', { id: JOB }));
    else await unlessRefused(qmp.execute('block-job-cancel', { device: JOB, force: true }));
    await sleep(POLL_MS);
  }
  await unlessRefused(qmp.execute('blockdev-del', { 'node-name': TARGET }));
}

const jobOf = async (qmp: QmpClient): Promise<Job | undefined> => (await qmp.execute('query-jobs')).find(({ id }) => id === JOB);
export const findJob = (paths: VmPaths): Promise<Job | undefined> => withMonitor(paths, jobOf);

const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2);
