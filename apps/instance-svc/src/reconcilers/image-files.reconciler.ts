/**
 * Keeps the table of image locations true and the members free of files that no project needs: fetch, plan, apply.
 * Heartbeats say what members hold; what a heartbeat older than a change says is corrected by the next round.
 */
import { derivedId, newId } from '@weft/contracts';
import { addImageLocation, removeImageLocation } from '../commands/record-image-location';
import { planImageFiles, type ImageFileAction } from '../domain/image-files.plan';
import type { Deps } from '../instance.deps';
import { readImageStore } from '../queries/find-images';

const INTERVAL_MS = 30_000;
const GRACE_MS = 5 * 60_000;
const TASK_LIMIT_MS = 60_000;

export interface Reconciler {
  /** Looks once, now. */
  run(): Promise<void>;
  stop(): void;
}

export function startImageFilesReconciler(deps: Deps, options: { intervalMs?: number; graceMs?: number; now?: () => number } = {}): Reconciler {
  const { intervalMs = INTERVAL_MS, graceMs = GRACE_MS, now = Date.now } = options;
  const ending = new AbortController();
  let unneededSince = new Map<string, number>();
  let running: Promise<void> | undefined;

  const round = async (): Promise<void> => {
    const members = deps.members.all().filter((member) => member.online);
    const held = members.map(({ name, heartbeat }) => ({ member: name, images: heartbeat.images }));
    const plan = planImageFiles(await readImageStore(deps.pool), held, unneededSince, now(), graceMs);
    unneededSince = plan.unneededSince;
    for (const action of plan.actions) {
      if (ending.signal.aborted) return;
      await apply(deps, action, ending.signal).catch((error: unknown) => deps.log.warn({ err: error, ...action }, 'image files not reconciled yet'));
    }
  };
  const run = (): Promise<void> => (running ??= round().finally(() => (running = undefined)));
  const timer = setInterval(() => run().catch((error: unknown) => deps.log.warn({ err: error }, 'image files not looked at')), intervalMs);
  timer.unref();
  return {
    run,
    stop() {
      clearInterval(timer);
      ending.abort();
    },
  };
}

async function apply(deps: Deps, { kind, member, fingerprint }: ImageFileAction, signal: AbortSignal): Promise<void> {
  switch (kind) {
    case 'record':
      return addImageLocation(deps, fingerprint, member);
    case 'forget':
      return removeImageLocation(deps, fingerprint, member);
    case 'delete':
      await deps.tasks.run(
        { taskId: derivedId('image-files', newId()), kind: 'image.delete', body: { fingerprint } },
        { member, timeLimitMs: TASK_LIMIT_MS, signal },
      );
      return removeImageLocation(deps, fingerprint, member);
    default:
      return kind satisfies never;
  }
}
