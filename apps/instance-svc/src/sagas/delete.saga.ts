import { defineSaga } from '@weft/saga';
import { placeOf } from '../domain/instance.decider';
import type { Deps } from '../instance.deps';
import { removePorts } from './port-release';
import type { InstanceSagaParams } from './saga-params';
import { endWork, failure, onHost, SUCCESS } from './saga-work';

/** Nothing to undo: what the host could not delete stays an instance, and can be deleted again. */
export const deleteSaga = (deps: Deps) =>
  defineSaga<InstanceSagaParams, Record<string, unknown>>({
    type: 'instance.delete',
    steps: [
      {
        name: 'delete-root',
        action: async (ctx) => void (await onHost(deps, ctx, 'instance.delete', { instanceId: ctx.params.spec.id, type: ctx.params.spec.type })),
      },
      { name: 'ports', action: (ctx) => removePorts(deps, ctx, ctx.params.spec) },
    ],
    succeeded: (ctx) =>
      endWork(deps, ctx, {
        outcome: SUCCESS,
        events: (instance) => [{ type: 'InstanceDeleted', data: { ...placeOf(instance), operationId: ctx.sagaId, reason: 'requested' } }],
      }),
    failed: (ctx, error) =>
      endWork(deps, ctx, {
        outcome: failure(error),
        events: (instance) => [
          { type: 'InstanceActionFailed', data: { ...placeOf(instance), operationId: ctx.sagaId, status: 'stopped', message: error.message } },
        ],
      }),
  });
