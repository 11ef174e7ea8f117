/** Orders that a reconciler gives without waiting: if one is lost, the next heartbeat leads to another. */
import { derivedId, newId, type Heartbeat, type TaskBody } from '@weft/contracts';
import type { Deps } from '../instance.deps';
import { findInstanceById } from '../queries/find-instance';

const ORDER_LIMIT_MS = 60_000;
const given = new Set<string>();

/** Ends a run that the log does not want, unless the same order is still under way. */
export async function orderKill(deps: Deps, heartbeat: Heartbeat, { id, epoch }: { id: string; epoch: number }): Promise<void> {
  const row = await findInstanceById(deps.pool, id);
  if (!row || row.state.lock !== null) return;
  deps.log.warn({ instanceId: id, member: heartbeat.member, epoch }, 'a guest runs that should not: it is stopped');
  order(deps, id, () =>
    deps.tasks.run(
      { taskId: newId(), kind: 'instance.stop', body: { instance: row.spec, epoch, force: true, timeoutSeconds: 30 } },
      { member: heartbeat.member, timeLimitMs: ORDER_LIMIT_MS, signal: never() },
    ),
  );
}

export function orderDelete(deps: Deps, member: string, body: TaskBody<'instance.delete'>): void {
  order(deps, body.instanceId, () =>
    deps.tasks.run(
      { taskId: derivedId('delete', body.instanceId, newId()), kind: 'instance.delete', body },
      { member, timeLimitMs: ORDER_LIMIT_MS, signal: never() },
    ),
  );
}

const never = (): AbortSignal => new AbortController().signal;

function order(deps: Deps, instanceId: string, give: () => Promise<unknown>): void {
  if (given.has(instanceId)) return;
  given.add(instanceId);
  give()
    .catch((error: unknown) => deps.log.warn({ err: error, instanceId }, 'order not carried out yet'))
    .finally(() => given.delete(instanceId));
}
