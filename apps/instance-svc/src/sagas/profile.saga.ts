/**
 * A changed profile reaches the guests that run with it: one task per guest, with what the instance is now. A guest
 * that cannot take it (its host is away, it has started again since) gets it with its next start.
 */
import { derivedId, type AgentTask, type InstanceSpec } from '@weft/contracts';
import { currentTraceparent } from '@weft/platform';
import { defineSaga, type SagaContext } from '@weft/saga';
import type { Deps } from '../instance.deps';

export interface ApplyProfileParams {
  profileId: string;
  traceparent?: string;
}

interface RunningInstance {
  id: string;
  member: string;
  epoch: number;
  spec: string;
}

const TASK_LIMIT_MS = 60_000;

export const profileSaga = (deps: Deps) =>
  defineSaga<ApplyProfileParams, Record<string, unknown>>({
    type: 'profile.apply',
    steps: [
      {
        name: 'tell-guests',
        async action(ctx) {
          const { rows } = await deps.pool.query<RunningInstance>(
            `SELECT i.id, i.member, i.epoch, i.spec FROM instance i JOIN instance_profile u ON u.instance_id = i.id
              WHERE u.profile_id = $1 AND i.status IN ('running', 'frozen') ORDER BY i.id`,
            [ctx.params.profileId],
          );
          await Promise.all(rows.map((row) => tell(deps, ctx, row)));
        },
      },
    ],
  });

async function tell(deps: Deps, ctx: SagaContext<ApplyProfileParams, Record<string, unknown>>, { id, member, epoch, spec }: RunningInstance): Promise<void> {
  const body = { instance: JSON.parse(spec) as InstanceSpec, epoch };
  const task: AgentTask<'instance.update'> = {
    taskId: derivedId(ctx.commandId, id),
    kind: 'instance.update',
    body,
    traceparent: currentTraceparent() ?? ctx.params.traceparent,
  };
  try {
    await deps.tasks.run(task, { member, timeLimitMs: TASK_LIMIT_MS, signal: ctx.signal });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.log.warn({ err: error, instance: id, member }, 'a running guest did not take the changed profile');
  }
}
