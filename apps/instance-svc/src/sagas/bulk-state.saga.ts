import { setTimeout as sleep } from 'node:timers/promises';
import { derivedId, WeftError, type InstanceCommandBody, type LxdOperation, type Meta } from '@weft/contracts';
import { defineSaga, type SagaContext } from '@weft/saga';
import { execute } from '@weft/service';
import { endOperation } from '../commands/operations';
import { changeState } from '../commands/set-instance-state';
import type { OperationOutcome } from '../domain/operation.decider';
import type { Deps } from '../instance.deps';
import { findInstance } from '../queries/find-instance';
import { failure, SUCCESS } from './saga-work';

export interface BulkParams {
  meta: Meta;
  operation: LxdOperation;
  names: string[];
  request: InstanceCommandBody<'instances.set-state'>;
}

const LOOK_EVERY_MS = 300;

/** `PUT /1.0/instances`: every instance gets an operation of its own; this one waits for them and gathers what failed. */
export const bulkStateSaga = (deps: Deps) =>
  defineSaga<BulkParams, { problems: string[] }>({
    type: 'instances.set-state',
    steps: [
      {
        name: 'change-each',
        async action(ctx) {
          const refused: string[] = [];
          for (const name of ctx.params.names) {
            const refusal = await begin(deps, ctx, name);
            if (refusal) refused.push(`${name}: ${refusal}`);
          }
          return { problems: refused };
        },
      },
      { name: 'wait', action: async (ctx) => ({ problems: [...(ctx.results.problems ?? []), ...(await outcomes(deps, ctx))] }) },
    ],
    succeeded: (ctx) => end(deps, ctx, ctx.results.problems?.length ? { status: 'Failure', err: ctx.results.problems.join('\n') } : SUCCESS),
    failed: (ctx, error) => end(deps, ctx, failure(error)),
  });

type Context = SagaContext<BulkParams, { problems: string[] }>;

const childId = (ctx: Context, name: string): string => derivedId(ctx.sagaId, name);

async function begin(deps: Deps, ctx: Context, name: string): Promise<string | undefined> {
  const id = childId(ctx, name);
  const meta: Meta = { ...ctx.params.meta, commandId: id, causationId: ctx.sagaId };
  try {
    const row = await findInstance(deps.pool, meta.project, name);
    await execute(deps, meta, 'instance.set-state', { name, ...ctx.params.request }, (uow) => changeState(deps, uow, meta, row, ctx.params.request, id));
    return undefined;
  } catch (error) {
    if (error instanceof WeftError && error.status < 500) return error.message;
    throw error;
  }
}

/** Every child ends by its own deadline: so does this. */
async function outcomes(deps: Deps, ctx: Context): Promise<string[]> {
  const byId = new Map(ctx.params.names.map((name) => [childId(ctx, name), name]));
  for (;;) {
    const { rows } = await deps.pool.query<{ id: string; status_code: number; doc: string }>('SELECT id, status_code, doc FROM operation WHERE id = ANY($1)', [
      [...byId.keys()],
    ]);
    if (rows.every((row) => row.status_code >= 200)) {
      return rows.filter((row) => row.status_code > 200).map((row) => `${byId.get(row.id)}: ${(JSON.parse(row.doc) as LxdOperation).err}`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: ctx.signal });
  }
}

async function end(deps: Deps, ctx: Context, outcome: OperationOutcome): Promise<void> {
  await execute(deps, { ...ctx.params.meta, commandId: ctx.commandId }, 'operation.end', {}, async (uow) => {
    await endOperation(uow, ctx.sagaId, outcome);
    return {};
  });
}
