/**
 * Keeps the table of image locations true and the members free of files that no project needs: fetch, plan, apply.
 * Heartbeats say what members hold; what a heartbeat older than a change says is corrected by the next round.
 */
import { derivedId, newId } from '@weft/contracts';
import { addImageLocation, removeImageLocation } from '../commands/record-image-location';
import { IMAGE_REPLICAS, planImageCopies, planImageFiles, type ImageFileAction } from '../domain/image-files.plan';
import { IMAGE_REPLICAS_KEY } from '../domain/server.config-keys';
import type { Deps } from '../instance.deps';
import { readImageStore } from '../queries/find-images';

const INTERVAL_MS = 30_000;
const GRACE_MS = 5 * 60_000;
const TASK_LIMIT_MS = 60_000;
/** An image may be large and a link slow; nothing waits for it. */
const COPY_LIMIT_MS = 3_600_000;

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
  const copying = new Set<string>();

  function copy(action: ImageFileAction): void {
    const key = `${action.fingerprint} ${action.member}`;
    if (copying.has(key)) return;
    copying.add(key);
    void apply(deps, action, ending.signal)
      .catch((error: unknown) => deps.log.warn({ err: error, ...action }, 'image files not copied yet'))
      .finally(() => copying.delete(key));
  }

  const round = async (): Promise<void> => {
    const members = deps.members.all().filter((member) => member.online);
    const held = members.map(({ name, heartbeat }) => ({
      member: name,
      images: heartbeat.images,
      diskFreeBytes: heartbeat.resources.diskFreeBytes,
    }));
    const store = await readImageStore(deps.pool);
    const plan = planImageFiles(store, held, unneededSince, now(), graceMs);
    unneededSince = plan.unneededSince;
    for (const action of plan.actions) {
      if (ending.signal.aborted) return;
      await apply(deps, action, ending.signal).catch((error: unknown) => deps.log.warn({ err: error, ...action }, 'image files not reconciled yet'));
    }
    for (const action of planImageCopies(store, held, await replicas(deps))) copy(action);
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

async function replicas({ pool }: Deps): Promise<number> {
  const { rows } = await pool.query<{ replicas: string | null }>(`SELECT doc::json ->> '${IMAGE_REPLICAS_KEY}' AS replicas FROM server_config`);
  return rows[0]?.replicas ? Number(rows[0].replicas) : IMAGE_REPLICAS;
}

async function apply(deps: Deps, action: ImageFileAction, signal: AbortSignal): Promise<void> {
  const { member, fingerprint } = action;
  switch (action.kind) {
    case 'copy':
      await deps.tasks.run(
        { taskId: derivedId('image-files', newId()), kind: 'image.fetch', body: { fingerprint, from: action.from } },
        { member, timeLimitMs: COPY_LIMIT_MS, signal },
      );
      return addImageLocation(deps, fingerprint, member);
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
      return action satisfies never;
  }
}
