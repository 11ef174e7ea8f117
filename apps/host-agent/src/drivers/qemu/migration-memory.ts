/** The memory's way to the target: QEMU's pre-copy (QEMU docs/devel/migration), with a pause that may grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type MoveLimits, type SwitchoverResult } from '@weft/contracts';
import type { MigrationInfo, QmpClient, RunState } from '@weft/qmp';
import type { Hint } from '../../migration/hint-proof';
import type { Progress } from '../driver';
import type { SourceOrder } from '../mover';
import { completeMirror } from './migration-mirror';
import { CREDENTIALS } from './migration-record';

const POLL_MS = 50;
/** The pause of the guest is made of these. */
const HANDOVER_POLL_MS = 2;
/**
 * How long the guest is not paused because the target has not said yet that packets for it are kept there. Without its word the
 * move goes on: then some packets may be lost, for as long as the network takes to follow.
 */
const EXPECTED_MS = 2_000;
/**
 * Until then QEMU shall not pause the guest: it does when what is left goes in `downtime-limit` with `avail-switchover-bandwidth`, here
 * one thousand bytes, which is less than a page. 0 ms would have it pause without looking what the guest has changed.
 */
const NOT_YET = { 'downtime-limit': 1, 'avail-switchover-bandwidth': 1_000_000 };
const NOT_YET_BYTES_PER_MS = 1_000;
/** The first round copies everything; what a guest changes meanwhile is known in the second. */
const FIRST_TELLING_ROUND = 2;
const UNLIMITED_BYTES_PER_SECOND = 10e9;
const CANCEL_MS = 30_000;
/** Rounds that were not enough, until the pause may be twice as long. */
const ROUNDS = 5;

export interface MemoryHooks {
  progress: Progress;
  interrupt: AbortSignal;
  /** Resolves when the target has taken it, or will not. */
  hint(which: Hint): Promise<void>;
  /** For what cannot wait for a connection of its own. */
  withLink<T>(work: (qmp: QmpClient) => Promise<T>): Promise<T>;
  /** Waits for the next event of that name from the guest's QEMU, or for the time to pass. */
  untilEvent(name: string, timeoutMs: number): Promise<void>;
}

/**
 * An earlier one that was completed (a snapshot's) leaves its status behind; only this one's leaves the guest in "postmigrate". For a moment
 * QEMU says "completed" and has the guest in "finish-migrate" still.
 */
const LEFT: readonly RunState[] = ['finish-migrate', 'postmigrate'];

export async function lookAtMemory(qmp: QmpClient): Promise<MigrationInfo> {
  const info = await qmp.execute('query-migrate');
  if (info.status !== 'completed') return info;
  return LEFT.includes((await qmp.execute('query-status')).status) ? info : { status: 'none' };
}

const hasEnded = ({ status }: MigrationInfo): boolean => status === undefined || ['none', 'completed', 'failed', 'cancelled'].includes(status);

export async function beginMemory(qmp: QmpClient, { endpoint, limits }: SourceOrder): Promise<void> {
  await qmp.execute('migrate-set-capabilities', {
    capabilities: (['pause-before-switchover', 'auto-converge', 'return-path', 'events'] as const).map((capability) => ({ capability, state: true })),
  });
  await qmp.execute('migrate-set-parameters', {
    'max-bandwidth': limits.bandwidthBytesPerSecond || UNLIMITED_BYTES_PER_SECOND,
    ...NOT_YET,
    'tls-creds': CREDENTIALS,
    'tls-hostname': '',
  });
  await qmp.execute('migrate', { uri: `tcp:${endpoint.host}:${endpoint.memoryPort}` });
}

/**
 * Until the memory is copied or has failed; hands over when QEMU has paused the guest for it.
 *
 *   copied (QEMU may not pause yet) --what is left fits into the pause--> "near", target ready --> QEMU may --> paused
 */
export async function followMemory({ limits }: SourceOrder, hooks: MemoryHooks): Promise<MigrationInfo> {
  const { progress, interrupt, untilEvent, withLink, hint } = hooks;
  const startedAt = performance.now();
  const pause = new GrowingPause(limits);
  let isNear = false;
  for (let allowedMs = 0; ;) {
    const info = await withLink(lookAtMemory);
    if (hasEnded(info)) return info;
    if (info.status === 'pre-switchover') {
      if (!isNear) void hint('near');
      return withLink((qmp) => handOver(qmp, untilEvent));
    }
    interrupt.throwIfAborted();
    if (performance.now() - startedAt > limits.timeoutMs)
      throw new WeftError('task.failed', 'The guest changes its memory faster than it can be copied: try again when it is less busy, or allow a longer pause');
    const isEnough = pause.look(roundsOf(info), isNear ? Infinity : changedMs(info));
    if (isEnough && !isNear) await Promise.race([hint('near'), sleep(EXPECTED_MS)]);
    isNear ||= isEnough;
    if (isNear && pause.allowedMs !== allowedMs) {
      allowedMs = pause.allowedMs;
      await withLink((qmp) => qmp.execute('migrate-set-parameters', { 'downtime-limit': allowedMs, 'avail-switchover-bandwidth': 0 }));
    }
    progress('move_instance', memoryProgress(info));
    await untilEvent('MIGRATION', POLL_MS);
  }
}

/** The pause that the guest may have: twice as long after every few rounds that were not enough. */
class GrowingPause {
  allowedMs: number;
  private seen = 0;
  private missed = 0;

  constructor(private readonly limits: MoveLimits) {
    this.allowedMs = limits.downtimeMs;
  }

  /** Would it do? @param neededMs for what the guest has changed in a round */
  look(round: number, neededMs: number): boolean {
    if (round < FIRST_TELLING_ROUND) return false;
    if (neededMs <= this.allowedMs) return true;
    if (round > this.seen) this.missed += 1;
    this.seen = round;
    this.allowedMs = Math.min(this.limits.longestDowntimeMs, this.limits.downtimeMs * 2 ** Math.floor(this.missed / ROUNDS));
    return false;
  }
}

const roundsOf = ({ ram }: MigrationInfo): number => ram?.['dirty-sync-count'] ?? 0;

/** How long it takes, as fast as it has gone so far, to send what the guest has changed in a round; for ever as long as nothing has gone. */
function changedMs({ ram, ...info }: MigrationInfo): number {
  if (!ram || ram.mbps <= 0) return Infinity;
  const changedBytes = (info['expected-downtime'] ?? 0) * NOT_YET_BYTES_PER_MS;
  return (Math.max(ram.remaining, changedBytes) * 8) / 1e3 / ram.mbps;
}

function memoryProgress({ ram }: MigrationInfo): string {
  if (!ram) return 'Copying the memory';
  const etaSeconds = ram.mbps > 0 ? Math.ceil((ram.remaining * 8) / 1e6 / ram.mbps) : 0;
  return `Copying the memory: ${mib(ram.transferred)}MiB sent, ${mib(ram.remaining)}MiB left, round ${ram['dirty-sync-count']}, ${etaSeconds}s to go`;
}

/** The guest is paused: every step here is part of its pause. */
async function handOver(qmp: QmpClient, untilEvent: MemoryHooks['untilEvent']): Promise<MigrationInfo> {
  if (!(await completeMirror(qmp))) {
    await qmp.execute('migrate_cancel');
    return { status: 'failed', 'error-desc': 'the copy of the disk was lost' };
  }
  await qmp.execute('migrate-continue', { state: 'pre-switchover' });
  for (;;) {
    const info = await lookAtMemory(qmp);
    if (hasEnded(info)) return info;
    await untilEvent('MIGRATION', HANDOVER_POLL_MS);
  }
}

export async function cancelMemory(qmp: QmpClient): Promise<void> {
  const deadline = Date.now() + CANCEL_MS;
  for (;;) {
    const info = await lookAtMemory(qmp);
    if (hasEnded(info)) return;
    if (Date.now() > deadline) throw new WeftError('task.failed', `QEMU does not end the migration: it is ${info.status}`);
    await qmp.execute('migrate_cancel');
    await sleep(POLL_MS);
  }
}

export const resultOf = (info: MigrationInfo): SwitchoverResult => ({
  downtimeMs: info.downtime ?? 0,
  totalMs: info['total-time'] ?? 0,
  memoryBytes: info.ram?.transferred ?? 0,
  rounds: info.ram?.['dirty-sync-count'] ?? 0,
});

const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2);
