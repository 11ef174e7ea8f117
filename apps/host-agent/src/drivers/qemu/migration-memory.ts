/** The memory's way to the target: QEMU's pre-copy (QEMU docs/devel/migration), with a pause that may grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type MoveLimits, type SwitchoverResult } from '@weft/contracts';
import type { MigrationInfo, QmpClient } from '@weft/qmp';
import type { Hint } from '../../migration/hint-proof';
import type { Progress } from '../driver';
import type { SourceOrder } from '../mover';
import { completeMirror } from './migration-mirror';
import { CREDENTIALS } from './migration-record';

const POLL_MS = 50;
/** The pause of the guest is made of these. */
const HANDOVER_POLL_MS = 2;
/**
 * When the rest of the memory goes in less, the target hears that the guest is near: packets for the guest go to both
 * hosts from then on. Long enough for the network to follow; whatever comes meanwhile, the guest gets twice.
 */
const NEAR_MS = 150;
const UNLIMITED_BYTES_PER_SECOND = 10e9;
const CANCEL_MS = 30_000;
/** Rounds that were not enough, until the pause may be twice as long. */
const ROUNDS = 5;

export interface MemoryHooks {
  progress: Progress;
  interrupt: AbortSignal;
  hint(which: Hint): void;
  /** For what cannot wait for a connection of its own. */
  withLink<T>(work: (qmp: QmpClient) => Promise<T>): Promise<T>;
  /** Waits for the next event of that name from the guest's QEMU, or for the time to pass. */
  untilEvent(name: string, timeoutMs: number): Promise<void>;
}

/** An earlier one that was completed (a snapshot's) leaves its status behind; only this one's leaves the guest in "postmigrate". */
export async function lookAtMemory(qmp: QmpClient): Promise<MigrationInfo> {
  const info = await qmp.execute('query-migrate');
  if (info.status !== 'completed') return info;
  return (await qmp.execute('query-status')).status === 'postmigrate' ? info : { status: 'none' };
}

const hasEnded = ({ status }: MigrationInfo): boolean => status === undefined || ['none', 'completed', 'failed', 'cancelled'].includes(status);

export async function beginMemory(qmp: QmpClient, { endpoint, limits }: SourceOrder): Promise<void> {
  await qmp.execute('migrate-set-capabilities', {
    capabilities: (['pause-before-switchover', 'auto-converge', 'return-path', 'events'] as const).map((capability) => ({ capability, state: true })),
  });
  await qmp.execute('migrate-set-parameters', {
    'max-bandwidth': limits.bandwidthBytesPerSecond || UNLIMITED_BYTES_PER_SECOND,
    'downtime-limit': limits.downtimeMs,
    'tls-creds': CREDENTIALS,
    'tls-hostname': '',
  });
  await qmp.execute('migrate', { uri: `tcp:${endpoint.host}:${endpoint.memoryPort}` });
}

/** Until the memory is copied or has failed; hands over when QEMU has paused the guest for it. */
export async function followMemory({ limits }: SourceOrder, hooks: MemoryHooks): Promise<MigrationInfo> {
  const { progress, interrupt, untilEvent, withLink, hint } = hooks;
  const startedAt = performance.now();
  let isNear = false;
  for (let round = 0; ;) {
    const info = await withLink(lookAtMemory);
    if (hasEnded(info)) return info;
    if (!isNear && (info.status === 'pre-switchover' || leftMs(info) < NEAR_MS)) {
      isNear = true;
      hint('near');
    }
    if (info.status === 'pre-switchover') return withLink((qmp) => handOver(qmp, untilEvent));
    interrupt.throwIfAborted();
    if (performance.now() - startedAt > limits.timeoutMs)
      throw new WeftError('task.failed', 'The guest changes its memory faster than it can be copied: try again when it is less busy, or allow a longer pause');
    round = await withLink((qmp) => easeOff(qmp, info, round, limits));
    progress('move_instance', memoryProgress(info));
    await untilEvent('MIGRATION', POLL_MS);
  }
}

async function easeOff(qmp: QmpClient, info: MigrationInfo, round: number, { downtimeMs, longestDowntimeMs }: MoveLimits): Promise<number> {
  const now = Math.floor((info.ram?.['dirty-sync-count'] ?? 0) / ROUNDS);
  if (now <= round) return round;
  await qmp.execute('migrate-set-parameters', { 'downtime-limit': Math.min(longestDowntimeMs, downtimeMs * 2 ** now) });
  return now;
}

/** What the memory that is left takes, as fast as it has gone so far; for ever as long as nothing has. */
const leftMs = ({ ram }: MigrationInfo): number => (ram && ram.mbps > 0 ? (ram.remaining * 8) / 1e3 / ram.mbps : Infinity);

function memoryProgress({ ram, ...info }: MigrationInfo): string {
  if (!ram) return 'Copying the memory';
  const etaSeconds = ram.mbps > 0 ? Math.ceil((ram.remaining * 8) / 1e6 / ram.mbps) : 0;
  return `Copying the memory: ${mib(ram.transferred)}MiB sent, ${mib(ram.remaining)}MiB left, round ${ram['dirty-sync-count']}, ${etaSeconds}s to go, pause of ${info['expected-downtime'] ?? 0}ms expected`;
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
