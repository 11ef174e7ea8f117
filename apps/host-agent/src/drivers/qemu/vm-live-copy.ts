import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import { type Job, type QmpClient, QmpError } from '@weft/qmp';
import { diskFull, SAYS_DISK_FULL } from '../../files/disk-full';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';

const JOB = 'weft-copy';
const TARGET = 'weft-copy-target';
const POLL_MS = 50;

/**
 * Copies a running guest's root disk as it is at this moment into `disk`, an empty qcow2 over the same base: QEMU saves
 * each block before the guest overwrites it. Crash consistent, as if the power had gone.
 */
export const copyLiveDisk = async (paths: VmPaths, disk: string): Promise<void> => (await beginLiveCopy(paths, disk))();

/** Resolves when the moment is fixed; what it gives waits for the end. */
export async function beginLiveCopy(paths: VmPaths, disk: string): Promise<() => Promise<void>> {
  await withMonitor(paths, async (qmp) => {
    await sweep(qmp);
    await qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': TARGET, file: { driver: 'file', filename: disk } });
    await qmp.execute('blockdev-backup', { 'job-id': JOB, device: 'root', target: TARGET, sync: 'top', 'auto-dismiss': false });
  });
  return async () => {
    try {
      for (let job = await look(paths); job?.status !== 'concluded'; job = await look(paths)) {
        if (!job) throw new WeftError('task.failed', 'QEMU lost the copy of the disk');
        await sleep(POLL_MS);
      }
    } finally {
      await withMonitor(paths, finish);
    }
  };
}

const look = (paths: VmPaths): Promise<Job | undefined> => withMonitor(paths, async (qmp) => (await qmp.execute('query-jobs')).find(({ id }) => id === JOB));

async function finish(qmp: QmpClient): Promise<void> {
  const job = (await qmp.execute('query-jobs')).find(({ id }) => id === JOB);
  await sweep(qmp);
  if (!job?.error) return;
  throw SAYS_DISK_FULL.test(job.error) ? diskFull() : new WeftError('task.failed', `The disk could not be copied: ${job.error}`);
}

/** Removes a copy that an earlier agent began. */
async function sweep(qmp: QmpClient): Promise<void> {
  for (let job = await find(qmp); job; job = await find(qmp)) {
    if (job.status === 'concluded') await qmp.execute('job-dismiss', { id: JOB });
    else await qmp.execute('job-cancel', { id: JOB }).then(() => sleep(POLL_MS));
  }
  await qmp.execute('blockdev-del', { 'node-name': TARGET }).catch((error: unknown) => {
    // Not there: nothing to remove.
    if (!(error instanceof QmpError && /[Ff]ailed to find node|Cannot find/.test(error.description))) throw error;
  });
}

const find = async (qmp: QmpClient): Promise<Job | undefined> => (await qmp.execute('query-jobs')).find(({ id }) => id === JOB);
