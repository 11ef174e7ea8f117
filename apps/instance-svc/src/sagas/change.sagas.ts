/** Rename, and changes that a running guest must be told. The new content counts since the command; the host follows. */
import type { InstanceEvent } from '@weft/contracts';
import { ConstraintViolation } from '@weft/event-store';
import { defineSaga, type SagaDefinition, type SagaStep } from '@weft/saga';
import { placeOf } from '../domain/instance.decider';
import type { LiveInstance } from '../domain/instance.state';
import { hasNics } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { activatePorts, definePorts, plugged } from './port-work';
import type { RenameParams, UpdateParams } from './saga-params';
import { endWork, failure, onHost, SUCCESS, undoOnHost, type Context } from './saga-work';

const renameSaga = (deps: Deps): SagaDefinition<RenameParams, Record<string, unknown>> => ({
  type: 'instance.rename',
  steps: [
    {
      name: 'ports',
      async action(ctx) {
        if (hasNics(ctx.params.spec)) await definePorts(deps, ctx, ctx.params.spec);
      },
      async undo(ctx) {
        if (hasNics(ctx.params.spec)) await definePorts(deps, ctx, { ...ctx.params.spec, name: ctx.params.oldName });
      },
    },
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

/** The network service knows the new NICs first: a change that it refuses reaches no guest. */
const changePorts = (deps: Deps): SagaStep<UpdateParams, Record<string, unknown>> => ({
  name: 'ports',
  async action(ctx) {
    const { spec, live = true, before } = ctx.params;
    if (live && (before || hasNics(spec))) return { nics: await activatePorts(deps, ctx, spec) };
    if (before) await definePorts(deps, ctx, spec);
    return {};
  },
  async undo(ctx) {
    const { live = true, before } = ctx.params;
    if (before) await (live ? activatePorts : definePorts)(deps, ctx, before.spec);
  },
});

const changeGuest = (deps: Deps): SagaStep<UpdateParams, Record<string, unknown>> => ({
  name: 'update',
  async action(ctx) {
    const { spec, epoch, live = true } = ctx.params;
    if (live) await onHost(deps, ctx, 'instance.update', { instance: plugged(spec, ctx.results), epoch });
  },
  async undo(ctx) {
    const { before, epoch, live = true } = ctx.params;
    if (!before || !live) return;
    const nics = await activatePorts(deps, ctx, before.spec, 'port.activate-again');
    await undoOnHost(deps, ctx, 'instance.update', { instance: { ...before.spec, nics }, epoch });
  },
});

const unlocked = (ctx: Context<UpdateParams>, instance: LiveInstance): InstanceEvent => ({
  type: 'InstanceUnlocked',
  data: { ...placeOf(instance), operationId: ctx.sagaId },
});

/** A guest that cannot take a change live gets it with its next start: the operation says so. NICs are all or nothing. */
const updateSaga = (deps: Deps): SagaDefinition<UpdateParams, Record<string, unknown>> => ({
  type: 'instance.update',
  steps: [changePorts(deps), changeGuest(deps)],
  succeeded: (ctx) => endWork(deps, ctx, { outcome: SUCCESS, events: (instance) => [unlocked(ctx, instance)] }),
  async failed(ctx, error) {
    const stored = `The change is stored but the running instance did not take it: ${error.message}`;
    const keep = (message: string) => endWork(deps, ctx, { outcome: failure({ ...error, message }), events: (instance) => [unlocked(ctx, instance)] });
    const { before } = ctx.params;
    if (!before) return keep(stored);
    try {
      await endWork(deps, ctx, {
        outcome: failure(error),
        events: (instance) => [
          { type: 'InstanceUpdated', data: { ...placeOf(instance), ...before.content, operationId: ctx.sagaId } },
          unlocked(ctx, instance),
        ],
      });
    } catch (violation) {
      // A profile that the instance had before was deleted meanwhile: there is no way back.
      if (!(violation instanceof ConstraintViolation)) throw violation;
      await keep(stored);
    }
  },
});

export const changeSagas = (deps: Deps) => [defineSaga(renameSaga(deps)), defineSaga(updateSaga(deps))];
