/**
 * The source's part of a live migration.
 *
 *   guest     running ------------------------------------------> paused --------> gone
 *   disk      NBD mirror: copying -> ready (each write goes to both) -> job ends at the hand-over
 *   memory                                  rounds of what changed -> little is left --> the rest --> "completed"
 *   QEMU says                               active ----------------------------------> pre-switchover -> device -> completed
 *   settle    back to "running": the job and the migration are cancelled     |  only when the target runs nothing
 *
 * In "pre-switchover" the guest is paused: the mirror then has nothing left to copy and ends with both disks alike.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type SettledOutcome, type SwitchoverResult } from '@weft/contracts';
import type { Progress } from '../driver';
import type { MoveOrder, SourceOrder } from '../mover';
import { removeGate } from './migration-gate';
import { approachHandOver, beginMemory, cancelMemory, handOver, hasBegun, lookAtMemory, resultOf, type MemoryHooks } from './migration-memory';
import { beginMirror, endMirror, findJob, mirrorFailure, mirrorProgress, mirrorTooSlow, writeToBoth } from './migration-mirror';
import { forgetMigration, forgetSettings, readMigration, writeMigration, type SourceRecord } from './migration-record';
import { runState } from './vm-lifecycle';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';
import { findProcess } from './vm-process';

const POLL_MS = 50;

/** Resolves when the target's disk is as the source's, and stays so. */
export async function mirrorDisk(paths: VmPaths, order: SourceOrder, progress: Progress, interrupt: AbortSignal): Promise<void> {
  const state = await runState(paths);
  if (state !== 'running' && state !== 'paused') throw new WeftError('instance.wrong-status', 'The instance is not running');
  if (!(await ofOrder(paths, order))) {
    // What an earlier move may have left is not this one's.
    await withMonitor(paths, endMirror);
    await writeMigration(paths, { role: 'source', migrationId: order.migrationId, phase: 'disk', wasRunning: state === 'running' });
  }
  if (!(await findJob(paths))) await beginMirror(paths, order);
  const startedAt = performance.now();
  for (let job = await findJob(paths); job?.status !== 'ready'; job = await findJob(paths)) {
    if (!job || job.status === 'concluded' || job.status === 'aborting') throw mirrorFailure(job);
    interrupt.throwIfAborted();
    if (performance.now() - startedAt > (order.limits.diskTimeoutMs ?? Infinity)) throw mirrorTooSlow();
    progress('move_instance', mirrorProgress(job));
    await sleep(POLL_MS);
  }
  // From here on a write is done when both disks have it: what is left to copy at the hand-over does not grow.
  await withMonitor(paths, writeToBoth);
}

/** Copies the memory until little is left. A repeat finds out where the one before has come to. */
export async function copyMemory(paths: VmPaths, order: SourceOrder, hooks: MemoryHooks): Promise<void> {
  const record = await requireOrder(paths, order);
  if (record.phase === 'handed-over' || record.near) return;
  if (record.phase === 'disk') await writeMigration(paths, { ...record, phase: 'memory' });
  await withMonitor(paths, async (qmp) => {
    // An agent may have ended between its note and the beginning.
    if (record.phase === 'disk' || !hasBegun(await lookAtMemory(qmp))) await beginMemory(qmp, order);
  });
  const near = await approachHandOver(order, hooks);
  await writeMigration(paths, { ...record, phase: 'memory', near });
}

/** Copies the rest and hands the guest over. Can be repeated as well. */
export async function switchOver(paths: VmPaths, order: SourceOrder, hooks: MemoryHooks, go: () => Promise<void>): Promise<SwitchoverResult> {
  const record = await requireOrder(paths, order);
  if (record.phase === 'handed-over' && record.result) return record.result;
  if (!record.near) throw new WeftError('task.failed', 'The memory has not been copied');
  const info = await handOver(order, record.near, hooks);
  void go();
  const result = resultOf(info);
  await writeMigration(paths, { ...record, phase: 'handed-over', result });
  return result;
}

/**
 * Ends the source's part: what was not handed over goes on here, as it was.
 * @throws WeftError task.failed when QEMU does not let go: to be tried again
 */
export async function settle(paths: VmPaths, order: MoveOrder & { reclaim: boolean }): Promise<SettledOutcome> {
  const record = await ofOrder(paths, order);
  if (!record) return 'resumed';
  if ((await findProcess(paths)) === undefined) return record.phase === 'disk' ? 'resumed' : 'gone';
  return withMonitor(paths, async (qmp) => {
    if (record.phase !== 'disk') {
      await cancelMemory(qmp);
      if (!order.reclaim && (await lookAtMemory(qmp)).status === 'completed') return 'handed-over';
    }
    await endMirror(qmp);
    await removeGate(qmp);
    await forgetSettings(qmp);
    const { status } = await qmp.execute('query-status');
    if (status === 'postmigrate' || (record.wasRunning && status === 'paused')) await qmp.execute('cont');
    if (!record.wasRunning) await qmp.execute('stop');
    await forgetMigration(paths);
    return 'resumed';
  });
}

async function requireOrder(paths: VmPaths, order: MoveOrder): Promise<SourceRecord> {
  const record = await ofOrder(paths, order);
  if (!record) throw new WeftError('task.failed', 'The move was ended meanwhile');
  return record;
}

async function ofOrder(paths: VmPaths, { migrationId }: MoveOrder): Promise<SourceRecord | undefined> {
  const record = await readMigration(paths);
  return record?.role === 'source' && record.migrationId === migrationId ? record : undefined;
}
