/**
 * A changed profile reaches the instances that have it: one task per guest that runs, with what it is now, and new
 * addresses where NICs have changed. What cannot take it now (its host is away, it has started again since) gets it
 * with its next start.
 */
import { derivedId, type AgentTask, type InstanceSpec, type Meta } from '@weft/contracts';
import { currentTraceparent } from '@weft/platform';
import { defineSaga, type SagaContext } from '@weft/saga';
import { serviceMeta } from '../commands/service-meta';
import { hasNics } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { activatePorts, definePorts } from './port-work';

export interface ApplyProfileParams {
  profileId: string;
  traceparent?: string;
  /** Unset in sagas of earlier versions, as `nics` is. */
  meta?: Meta;
  /** NICs have changed: those that do not run are concerned too. */
  nics?: boolean;
}

interface Row {
  id: string;
  project: string;
  member: string;
  epoch: number;
  runs: boolean;
  spec: string;
}
type Context = SagaContext<ApplyProfileParams, Record<string, unknown>>;

const TASK_LIMIT_MS = 60_000;

export const profileSaga = (deps: Deps) =>
  defineSaga<ApplyProfileParams, Record<string, unknown>>({
    type: 'profile.apply',
    steps: [
      {
        name: 'tell-guests',
        async action(ctx) {
          const { rows } = await deps.pool.query<Row>(
            `SELECT i.id, i.project, i.member, i.epoch, i.status IN ('running', 'frozen') AS runs, i.spec
               FROM instance i JOIN instance_profile u ON u.instance_id = i.id
              WHERE u.profile_id = $1 AND (i.status IN ('running', 'frozen') OR ($2 AND i.status IN ('stopped', 'error'))) ORDER BY i.id`,
            [ctx.params.profileId, ctx.params.nics ?? false],
          );
          await Promise.all(rows.map((row) => apply(deps, ctx, row)));
        },
      },
    ],
  });

async function apply(deps: Deps, ctx: Context, row: Row): Promise<void> {
  try {
    await (row.runs ? tell(deps, ctx, row) : definePorts(deps, portContext(ctx, row), JSON.parse(row.spec) as InstanceSpec));
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.log.warn({ err: error, instance: row.id, member: row.member }, 'an instance did not take the changed profile');
  }
}

async function tell(deps: Deps, ctx: Context, row: Row): Promise<void> {
  const { id, member, epoch } = row;
  const spec = JSON.parse(row.spec) as InstanceSpec;
  const nics = ctx.params.nics || hasNics(spec) ? await activatePorts(deps, portContext(ctx, row), spec) : undefined;
  const task: AgentTask<'instance.update'> = {
    taskId: derivedId(ctx.commandId, id),
    kind: 'instance.update',
    body: { instance: { ...spec, ...(nics ? { nics } : {}) }, epoch },
    traceparent: currentTraceparent() ?? ctx.params.traceparent,
  };
  await deps.tasks.run(task, { member, timeLimitMs: TASK_LIMIT_MS, signal: ctx.signal });
}

/** Ports belong to the project of the instance, which may use a profile of another one. */
function portContext(ctx: Context, { id, project, member }: Row) {
  const meta = ctx.params.meta ?? serviceMeta(project, ctx.sagaId, ctx.commandId);
  return { ...ctx, commandId: derivedId(ctx.commandId, id), params: { meta: { ...meta, project }, member } };
}
