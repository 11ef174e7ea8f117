/** Moves take links and disks: a host takes part in a few at a time, and those that began first go first. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '../instance.deps';
import type { MoveContext } from './migration-work';

const PER_HOST = 2;
const LOOK_AGAIN_MS = 500;

/** Moves of one of the two hosts that began before, and have not ended. */
const EARLIER = `SELECT count(*)::int AS count FROM saga
  WHERE status IN ('running', 'unwinding') AND type LIKE 'instance.migrate-%'
    AND (created_at, id) < (SELECT created_at, id FROM saga WHERE id = $1)
    AND (params->>'member' = ANY($2) OR params->>'target' = ANY($2))`;

export async function awaitTurn(deps: Deps, ctx: MoveContext): Promise<void> {
  const { member, target } = ctx.params;
  for (;;) {
    const { rows } = await deps.pool.query<{ count: number }>(EARLIER, [ctx.sagaId, [member, target]]);
    if ((rows[0]?.count ?? 0) < PER_HOST) return;
    ctx.signal.throwIfAborted();
    await sleep(LOOK_AGAIN_MS, undefined, { signal: ctx.signal }).catch(() => ctx.signal.throwIfAborted());
  }
}
