/**
 * Evacuation and restore of a member. That it is evacuated, or not any more, was recorded with the command: placement
 * knows at once. A failed instance is named in the end and holds up no other; the member stays as it was recorded, and
 * the same command goes on with what is left.
 */
import { defineSaga, type SagaDefinition } from '@weft/saga';
import { execute } from '@weft/service';
import { endOperation } from '../commands/operations';
import { comeBack, leave, type EvacuationMode } from '../domain/evacuation.plan';
import { ORIGIN_KEY } from '../domain/instance.state';
import type { OperationOutcome } from '../domain/operation.decider';
import type { Deps } from '../instance.deps';
import { listInstancesById, listResidents } from '../queries/find-evacuation';
import { findMemberPolicies } from '../queries/find-members';
import { runErrands, type ErrandContext, type ErrandParams, type Errands } from './errands';
import { failure } from './saga-work';

export const EVACUATE = 'member.evacuate';
export const RESTORE = 'member.restore';

export interface EvacuateParams extends ErrandParams {
  /** "" leaves it to the instances. */
  mode: EvacuationMode | '';
}
export interface RestoreParams extends ErrandParams {
  /** Ids of those that were moved away. */
  absent: string[];
}

const memberSaga = <P extends ErrandParams>(
  deps: Deps,
  type: string,
  step: string,
  errands: (params: P) => Promise<Errands>,
  left: (params: P, count: number) => string,
): SagaDefinition<P, Record<string, unknown>> => ({
  type,
  steps: [{ name: step, action: async (ctx) => ({ problems: await runErrands(deps, ctx as ErrandContext, await errands(ctx.params)) }) }],
  succeeded(ctx) {
    const problems = Object.entries((ctx.results.problems ?? {}) as Record<string, string>);
    if (problems.length === 0) return end(deps, ctx as ErrandContext, { status: 'Success' });
    const err = [left(ctx.params, problems.length), ...problems.map(([name, problem]) => `${name}: ${problem}`)].join('\n');
    return end(deps, ctx as ErrandContext, { status: 'Failure', err });
  },
  failed: (ctx, error) => end(deps, ctx as ErrandContext, failure(error)),
});

const instances = (count: number): string => (count === 1 ? '1 instance' : `${count} instances`);

/** An instance that was a guest here itself goes home from where it is next, as long as its home is still evacuated. */
async function leaving(deps: Deps, { member, mode }: EvacuateParams): Promise<Errands> {
  const policies = await findMemberPolicies(deps.pool);
  return {
    rows: () => listResidents(deps.pool, member),
    errand: (row) => leave(row, mode),
    move: {
      target: '',
      origin: ({ spec }) => {
        const home = spec.config[ORIGIN_KEY] ?? '';
        return policies.get(home)?.status === 'evacuated' ? home : member;
      },
    },
  };
}

const returning = (deps: Deps, { member, absent }: RestoreParams): Errands => ({
  async rows() {
    const away = (await listInstancesById(deps.pool, absent)).filter((row) => row.member !== member);
    return [...(await listResidents(deps.pool, member)), ...away];
  },
  errand: (row) => comeBack(row, row.member !== member),
  move: { target: member, origin: () => undefined },
});

export const memberSagas = (deps: Deps) => [
  defineSaga(
    memberSaga<EvacuateParams>(
      deps,
      EVACUATE,
      'leave',
      (params) => leaving(deps, params),
      ({ member }, count) => `${instances(count)} could not leave ${member}, which stays evacuated; evacuate it again when what stands in the way is gone:`,
    ),
  ),
  defineSaga(
    memberSaga<RestoreParams>(
      deps,
      RESTORE,
      'return',
      (params) => Promise.resolve(returning(deps, params)),
      ({ member }, count) => `${member} is restored, but ${instances(count)} did not come back; move or start them yourself:`,
    ),
  ),
];

async function end(deps: Deps, ctx: ErrandContext, outcome: OperationOutcome): Promise<void> {
  await execute(deps, { ...ctx.params.meta, commandId: ctx.commandId }, 'operation.end', {}, async (uow) => {
    await endOperation(uow, ctx.sagaId, outcome);
    return {};
  });
}
