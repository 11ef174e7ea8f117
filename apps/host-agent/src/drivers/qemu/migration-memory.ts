/** The memory's way to the target: QEMU's pre-copy (QEMU docs/devel/migration), with a pause that may grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type SwitchoverResult } from '@weft/contracts';
import type { MigrationInfo, MigrationParameters, QmpClient, RunState } from '@weft/qmp';
import type { Progress } from '../driver';
import type { SourceOrder } from '../mover';
import { completeMirror } from './migration-mirror';
import { addGate } from './migration-gate';
import { CALM, GrowingPause, isOver, LOOK, opened, paceOf, roundsOf, SHUT, Speed } from './migration-pace';
import { CREDENTIALS, type NearHandOver } from './migration-record';

const POLL_MS = 50;
/** The pause of the guest is made of these; events come earlier. */
const HANDOVER_POLL_MS = 20;
const CANCEL_MS = 30_000;
const TOO_SLOW =
  'The memory was not copied in the time that migration.timeout allows: the guest changes it faster than it goes. ' +
  'Try again when it is less busy, or allow more time, a longer pause (migration.downtime) or more of migration.bandwidth';

export interface MemoryHooks {
  progress: Progress;
  interrupt: AbortSignal;
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

export const hasBegun = ({ status }: MigrationInfo): boolean => status !== undefined && status !== 'none';
const hasEnded = ({ status }: MigrationInfo): boolean => status === undefined || ['none', 'completed', 'failed', 'cancelled'].includes(status);

export async function beginMemory(qmp: QmpClient, { endpoint, limits }: SourceOrder): Promise<void> {
  await addGate(qmp);
  await qmp.execute('migrate-set-capabilities', {
    capabilities: (['pause-before-switchover', 'auto-converge', 'return-path', 'events', 'dirty-bitmaps'] as const).map((capability) => ({
      capability,
      state: true,
    })),
  });
  await qmp.execute('migrate-set-parameters', {
    ...paceOf(limits),
    ...SHUT,
    'tls-creds': CREDENTIALS,
    'tls-hostname': '',
  });
  await qmp.execute('migrate', { uri: `tcp:${endpoint.host}:${endpoint.memoryPort}` });
}

type Look = (info: MigrationInfo) => Promise<boolean>;

/** Looks at each change, and now and then, until `look` says that it is enough. What it sees last. @throws WeftError when the copy has failed */
async function follow({ limits }: SourceOrder, { progress, interrupt, untilEvent, withLink }: MemoryHooks, look: Look): Promise<MigrationInfo> {
  const startedAt = performance.now();
  for (;;) {
    // Listens before it looks: what comes in between is not missed.
    const changed = untilEvent('MIGRATION', POLL_MS);
    const info = await withLink(lookAtMemory);
    if (hasEnded(info) || info.status === 'pre-switchover') return info;
    interrupt.throwIfAborted();
    if (performance.now() - startedAt > limits.timeoutMs) throw new WeftError('task.failed', TOO_SLOW);
    if (await look(info)) return info;
    progress('move_instance', memoryProgress(info));
    await changed;
  }
}

const setParameters = ({ withLink }: MemoryHooks, parameters: MigrationParameters): Promise<unknown> =>
  withLink((qmp) => qmp.execute('migrate-set-parameters', parameters));

/**
 * Until what is left would fit into the pause; the gate is shut. Then QEMU hardly copies any more.
 *
 *   a round --nothing left--> look for what has changed, once --fits--> near
 *      ^-------------------------------------does not fit--'
 */
export async function approachHandOver(order: SourceOrder, hooks: MemoryHooks): Promise<NearHandOver> {
  const pause = new GrowingPause(order.limits);
  const speed = new Speed();
  const copyOn = { ...paceOf(order.limits), ...SHUT };
  let lookingIn: number | undefined;
  // An agent may have ended while QEMU was to look.
  await setParameters(hooks, copyOn);
  const info = await follow(order, hooks, async (seen) => {
    speed.see(seen);
    if (lookingIn === undefined && isOver(seen)) {
      lookingIn = roundsOf(seen);
      await setParameters(hooks, { ...CALM, ...LOOK });
    } else if (lookingIn !== undefined && roundsOf(seen) > lookingIn) {
      lookingIn = undefined;
      await setParameters(hooks, SHUT);
      if (pause.look(roundsOf(seen), speed.msForRest(seen))) return true;
      await setParameters(hooks, copyOn);
    }
    return false;
  });
  if (hasEnded(info)) throw notCopied(info);
  return { allowedMs: pause.allowedMs, bytesPerSecond: speed.bytesPerSecond };
}

/** Lets QEMU pause the guest as soon as the rest fits, for longer and longer if need be, and hands it over. */
export async function handOver(order: SourceOrder, near: NearHandOver, hooks: MemoryHooks): Promise<MigrationInfo> {
  const { limits } = order;
  const pause = new GrowingPause(limits, near.allowedMs);
  let allowedMs = 0;
  const info = await follow(order, hooks, async (seen) => {
    if (pause.allowedMs !== allowedMs) await setParameters(hooks, { ...paceOf(limits), ...opened(pause.allowedMs, near.bytesPerSecond) });
    allowedMs = pause.allowedMs;
    return pause.look(roundsOf(seen), Infinity);
  });
  const ended = hasEnded(info) ? info : await hooks.withLink((qmp) => endPaused(qmp, hooks.untilEvent));
  if (ended.status !== 'completed') throw notCopied(ended);
  return ended;
}

const notCopied = (info: MigrationInfo): WeftError =>
  new WeftError('task.failed', `The memory could not be copied to the target: ${info['error-desc'] ?? info.status}`);

function memoryProgress({ ram }: MigrationInfo): string {
  if (!ram) return 'Copying the memory';
  const etaSeconds = ram.mbps > 0 ? Math.ceil((ram.remaining * 8) / 1e6 / ram.mbps) : 0;
  return `Copying the memory: ${mib(ram.transferred)}MiB sent, ${mib(ram.remaining)}MiB left, round ${ram['dirty-sync-count']}, ${etaSeconds}s to go`;
}

/** The guest is paused: every step here is part of its pause. */
async function endPaused(qmp: QmpClient, untilEvent: MemoryHooks['untilEvent']): Promise<MigrationInfo> {
  if (!(await completeMirror(qmp))) {
    await qmp.execute('migrate_cancel');
    return { status: 'failed', 'error-desc': 'the copy of the disk was lost' };
  }
  await qmp.execute('migrate-continue', { state: 'pre-switchover' });
  for (;;) {
    const changed = untilEvent('MIGRATION', HANDOVER_POLL_MS);
    const info = await lookAtMemory(qmp);
    if (hasEnded(info)) {
      return info;
    }
    await changed;
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
