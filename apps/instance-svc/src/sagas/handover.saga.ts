import { defineSaga, type SagaError } from '@weft/saga';
import { placeOf } from '../domain/instance.decider';
import type { OperationOutcome } from '../domain/operation.decider';
import type { Deps } from '../instance.deps';
import type { HandOverParams } from './saga-params';
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

const unlock = (deps: Deps, ctx: Context<HandOverParams>, outcome: OperationOutcome): Promise<void> =>
  endWork(deps, ctx, { outcome, events: (instance) => [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }] });
