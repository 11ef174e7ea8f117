/** Rename, and changes that a running guest must be told. The new content counts since the command; the host follows. */
import { ConstraintViolation } from '@weft/event-store';
import { defineSaga, type SagaDefinition } from '@weft/saga';
import { placeOf } from '../domain/instance.decider';
import type { Deps } from '../instance.deps';
import type { RenameParams, UpdateParams } from './saga-params';
import { endWork, failure, onHost, SUCCESS, undoOnHost } from './saga-work';

const renameSaga = (deps: Deps): SagaDefinition<RenameParams, Record<string, unknown>> => ({
  type: 'instance.rename',
  steps: [
    {
      name: 'rename',
      action: async (ctx) => void (await onHost(deps, ctx, 'instance.rename', { instance: ctx.params.spec, oldName: ctx.params.oldName })),
      undo: ({ params, ...ctx }) =>
        undoOnHost(deps, { ...ctx, params }, 'instance.rename', { instance: { ...params.spec, name: params.oldName }, oldName: params.spec.name }),
    },
  ],
  succeeded: (ctx) =>
    endWork(deps, ctx, { outcome: SUCCESS, events: (instance) => [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }] }),
  async failed(ctx, error) {
    const { oldName } = ctx.params;
    const operationId = ctx.sagaId;
    try {
      await endWork(deps, ctx, {
        outcome: failure(error),
        events: (instance) => [
          { type: 'InstanceRenamed', data: { ...placeOf(instance), name: oldName, oldName: instance.name, operationId } },
          { type: 'InstanceUnlocked', data: { ...placeOf(instance), name: oldName, operationId } },
        ],
      });
    } catch (violation) {
      // Somebody took the old name meanwhile: the new one stays.
      if (!(violation instanceof ConstraintViolation)) throw violation;
      await endWork(deps, ctx, { outcome: failure(error), events: (instance) => [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId } }] });
    }
  },
});

/** A guest that cannot take a change live gets it with its next start: the operation says so. */
const updateSaga = (deps: Deps): SagaDefinition<UpdateParams, Record<string, unknown>> => ({
  type: 'instance.update',
  steps: [{ name: 'update', action: async (ctx) => void (await onHost(deps, ctx, 'instance.update', { instance: ctx.params.spec, epoch: ctx.params.epoch })) }],
  succeeded: (ctx) =>
    endWork(deps, ctx, { outcome: SUCCESS, events: (instance) => [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }] }),
  failed: (ctx, error) =>
    endWork(deps, ctx, {
      outcome: failure({ ...error, message: `The change is stored but the running instance did not take it: ${error.message}` }),
      events: (instance) => [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }],
    }),
});

export const changeSagas = (deps: Deps) => [defineSaga(renameSaga(deps)), defineSaga(updateSaga(deps))];
