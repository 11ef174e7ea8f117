import { arrivedSnapshots, type InstanceEvent } from '@weft/contracts';
import { defineSaga, type SagaError } from '@weft/saga';
import { refreshed } from '../domain/handover.decider';
import { placeOf } from '../domain/instance.decider';
import type { LiveInstance } from '../domain/instance.state';
import type { OperationOutcome } from '../domain/operation.decider';
import type { Deps } from '../instance.deps';
import type { HandOverParams, InstanceSagaParams } from './saga-params';
import { actionTaskId, endWork, failure, onHost, SUCCESS, undoOnHost, type Context } from './saga-work';

/** The instance stays as it is: whoever wanted a move deletes it when the other server has it. */
export const handoverSaga = (deps: Deps) =>
  defineSaga<HandOverParams, Record<string, unknown>>({
    type: 'instance.hand-over',
    steps: [
      {
        name: 'send',
        async action(ctx) {
          const { spec, root, snapshots } = ctx.params;
          await onHost(deps, ctx, 'instance.hand-over', { instance: spec, sessionId: ctx.sagaId, root, snapshots });
        },
        undo: (ctx) => undoOnHost(deps, ctx, 'task.cancel', { taskId: actionTaskId(ctx, 'send', 'instance.hand-over') }),
      },
    ],
    succeeded: (ctx) => unlock(deps, ctx, SUCCESS),
    failed: (ctx, error: SagaError) => unlock(deps, ctx, failure(error)),
  });

/** What another server sends takes the place of what the instance was. */
export const refreshSaga = (deps: Deps) =>
  defineSaga<InstanceSagaParams, Record<string, unknown>>({
    type: 'instance.refresh',
    steps: [
      {
        name: 'receive',
        action: (ctx) => onHost(deps, ctx, 'instance.receive', { instance: ctx.params.spec, sessionId: ctx.sagaId, replaces: true }),
        undo: (ctx) => undoOnHost(deps, ctx, 'task.cancel', { taskId: actionTaskId(ctx, 'receive', 'instance.receive') }),
      },
    ],
    succeeded(ctx) {
      const { snapshots } = arrivedSnapshots.parse(ctx.results);
      return unlock(deps, ctx, SUCCESS, (instance) => refreshed(instance, ctx.sagaId, snapshots));
    },
    failed: (ctx, error: SagaError) => unlock(deps, ctx, failure(error)),
  });

const unlock = (
  deps: Deps,
  ctx: Context<InstanceSagaParams>,
  outcome: OperationOutcome,
  change: (instance: LiveInstance) => InstanceEvent[] = () => [],
): Promise<void> =>
  endWork(deps, ctx, {
    outcome,
    events: (instance) => [...change(instance), { type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }],
  });
