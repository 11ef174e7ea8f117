/** Start, stop, restart, freeze and unfreeze: one order to the host, and back to the status before when it fails. */
import { WeftError, type InstanceEvent } from '@weft/contracts';
import { defineSaga, type SagaDefinition, type SagaError } from '@weft/saga';
import { holds, placeOf } from '../domain/instance.decider';
import { instanceFold, instanceStream, type LiveInstance } from '../domain/instance.state';
import type { Deps } from '../instance.deps';
import { releasePorts, removePorts } from './port-release';
import { plugged, portsForStart } from './port-work';
import type { StateParams } from './saga-params';
import { actionTaskId, endWork, failure, onHost, SUCCESS, undoOnHost, type Context } from './saga-work';

type Saga = SagaDefinition<StateParams, Record<string, unknown>>;
type StateContext = Context<StateParams>;

const run = ({ params, results }: StateContext) => ({ instance: plugged(params.spec, results), epoch: params.epoch });
const stopOrder = (ctx: StateContext) => ({ ...run(ctx), force: ctx.params.force, stateful: ctx.params.stateful, timeoutSeconds: ctx.params.timeoutSeconds });

const failed =
  (deps: Deps) =>
  (ctx: StateContext, error: SagaError): Promise<void> =>
    endWork(deps, ctx, {
      outcome: failure(error),
      events: (instance) => [
        { type: 'InstanceActionFailed', data: { ...placeOf(instance), operationId: ctx.sagaId, status: ctx.params.statusBefore, message: error.message } },
      ],
    });

const succeeded =
  (deps: Deps, events: (instance: LiveInstance, operationId: string, now: Date, params: StateParams) => InstanceEvent[]) =>
  (ctx: StateContext): Promise<void> =>
    endWork(deps, ctx, { outcome: SUCCESS, events: (instance, now) => events(instance, ctx.sagaId, now, ctx.params) });

/** A start that failed may have left something running: it is killed, so that "stopped" is true. */
const killLeftover = (deps: Deps) => (ctx: StateContext) => undoOnHost(deps, ctx, 'instance.stop', { ...run(ctx), force: true, timeoutSeconds: 30 });

/** The order to stop is taken back: a wait for the guest ends, and what the host has not begun it never will. */
const takeBackStop = (deps: Deps) => (ctx: StateContext) => undoOnHost(deps, ctx, 'task.cancel', { taskId: actionTaskId(ctx, 'stop', 'instance.stop') });

/** The NICs have their ports in OVN before the host plugs them. */
const ports = (deps: Deps) => ({
  name: 'ports',
  action: (ctx: StateContext) => portsForStart(deps, ctx, ctx.params.spec),
  undo: (ctx: StateContext) => releasePorts(deps, ctx, ctx.params.spec),
});

const startSaga = (deps: Deps): Saga => ({
  type: 'instance.start',
  steps: [
    ports(deps),
    {
      name: 'start',
      action: async (ctx) => void (await onHost(deps, ctx, 'instance.start', { ...run(ctx), stateless: ctx.params.stateless })),
      undo: killLeftover(deps),
    },
  ],
  succeeded: succeeded(deps, (instance, operationId, now) => [{ type: 'InstanceStarted', data: { ...placeOf(instance), operationId, at: now.toISOString() } }]),
  failed: failed(deps),
});

/** An ephemeral instance ends with its guest. */
const stopSaga = (deps: Deps): Saga => ({
  type: 'instance.stop',
  steps: [
    { name: 'stop', action: async (ctx) => void (await onHost(deps, ctx, 'instance.stop', stopOrder(ctx))), undo: takeBackStop(deps), pivot: true },
    { name: 'release-ports', action: (ctx) => releasePorts(deps, ctx, ctx.params.spec) },
    {
      name: 'delete-ephemeral',
      async action(ctx) {
        const { spec } = ctx.params;
        if (!spec.ephemeral) return;
        await onHost(deps, ctx, 'instance.delete', { instanceId: spec.id, type: spec.type });
        await removePorts(deps, ctx, spec);
      },
    },
  ],
  succeeded: succeeded(deps, (instance, operationId, _now, { stateful, evacuates }) => [
    { type: 'InstanceStopped', data: { ...placeOf(instance), operationId, reason: evacuates ? 'evacuated' : 'requested', ...(stateful ? { stateful } : {}) } },
    ...(instance.ephemeral ? [{ type: 'InstanceDeleted' as const, data: { ...placeOf(instance), operationId, reason: 'ephemeral' as const } }] : []),
  ]),
  failed: failed(deps),
});

/** A stop with force takes a restart over, and ends its wait for the guest: then nothing is to be started. */
async function requireStillOurs(deps: Deps, ctx: StateContext): Promise<void> {
  const { state } = await deps.store.load(instanceFold, instanceStream(ctx.params.spec.id));
  if (!holds(state, ctx.sagaId)) throw new WeftError('instance.wrong-status', 'The instance was stopped by force meanwhile');
}

const restartSaga = (deps: Deps): Saga => ({
  type: 'instance.restart',
  steps: [
    // The guest that runs belongs to the epoch before: the new one begins with the start.
    {
      name: 'stop',
      async action(ctx) {
        await onHost(deps, ctx, 'instance.stop', { ...stopOrder(ctx), epoch: ctx.params.epoch - 1 });
        return { stopped: true };
      },
      undo: takeBackStop(deps),
    },
    {
      name: 'ports',
      async action(ctx) {
        await requireStillOurs(deps, ctx);
        return portsForStart(deps, ctx, ctx.params.spec);
      },
      undo: ports(deps).undo,
    },
    {
      name: 'start',
      async action(ctx) {
        await requireStillOurs(deps, ctx);
        await onHost(deps, ctx, 'instance.start', run(ctx));
      },
      undo: killLeftover(deps),
    },
  ],
  succeeded: succeeded(deps, (instance, operationId, now) => [
    { type: 'InstanceRestarted', data: { ...placeOf(instance), operationId, at: now.toISOString() } },
  ]),
  async failed(ctx, error) {
    if (!ctx.results.stopped) return failed(deps)(ctx, error);
    await endWork(deps, ctx, {
      outcome: failure(error),
      events: (instance) => [{ type: 'InstanceStopped', data: { ...placeOf(instance), operationId: ctx.sagaId, reason: 'failed' } }],
    });
  },
});

const freezeSaga = (deps: Deps): Saga => ({
  type: 'instance.freeze',
  steps: [
    {
      name: 'freeze',
      action: async (ctx) => void (await onHost(deps, ctx, 'instance.freeze', run(ctx))),
      undo: (ctx) => undoOnHost(deps, ctx, 'instance.unfreeze', run(ctx)),
    },
  ],
  succeeded: succeeded(deps, (instance, operationId) => [{ type: 'InstanceFrozen', data: { ...placeOf(instance), operationId } }]),
  failed: failed(deps),
});

const unfreezeSaga = (deps: Deps): Saga => ({
  type: 'instance.unfreeze',
  steps: [{ name: 'unfreeze', action: async (ctx) => void (await onHost(deps, ctx, 'instance.unfreeze', run(ctx))) }],
  succeeded: succeeded(deps, (instance, operationId) => [{ type: 'InstanceUnfrozen', data: { ...placeOf(instance), operationId } }]),
  failed: failed(deps),
});

export const stateSagas = (deps: Deps) => [startSaga, stopSaga, restartSaga, freezeSaga, unfreezeSaga].map((saga) => defineSaga(saga(deps)));
