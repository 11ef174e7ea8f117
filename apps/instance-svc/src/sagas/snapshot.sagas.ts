import type { InstanceEvent } from '@weft/contracts';
import { ConstraintViolation } from '@weft/event-store';
import { defineSaga, type SagaDefinition, type SagaError } from '@weft/saga';
import { placeOf } from '../domain/instance.decider';
import type { LiveInstance } from '../domain/instance.state';
import { nicsChanged } from '../domain/nic-identity';
import { restored, snapshotTaken } from '../domain/snapshot.decider';
import type { Deps } from '../instance.deps';
import { releasePorts } from './port-release';
import { definePorts, plugged, portsForStart } from './port-work';
import type { InstanceSagaParams, RestoreParams, SnapshotParams } from './saga-params';
import { endWork, failure, onHost, SUCCESS, undoOnHost, type Context } from './saga-work';

type Saga<P extends InstanceSagaParams> = SagaDefinition<P, Record<string, unknown>>;

const unlocked =
  (deps: Deps) =>
  (ctx: Context<InstanceSagaParams>, error: SagaError): Promise<void> =>
    endWork(deps, ctx, {
      outcome: failure(error),
      events: (instance) => [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }],
    });

const takeSaga = (deps: Deps): Saga<SnapshotParams> => ({
  type: 'snapshot.create',
  steps: [
    {
      name: 'take',
      action: async (ctx) =>
        void (await onHost(deps, ctx, 'snapshot.create', {
          instance: ctx.params.spec,
          snapshotId: ctx.params.snapshotId,
          stateful: ctx.params.stateful ?? false,
        })),
      undo: (ctx) =>
        undoOnHost(deps, ctx, 'snapshot.delete', { instanceId: ctx.params.spec.id, type: ctx.params.spec.type, snapshotId: ctx.params.snapshotId }),
    },
  ],
  succeeded: (ctx) =>
    endWork(deps, ctx, {
      outcome: SUCCESS,
      events(instance, now) {
        const { snapshotId, snapshotName, expiresAt, stateful = false } = ctx.params;
        return snapshotTaken(instance, { operationId: ctx.sagaId, snapshotId, name: snapshotName, stateful, expiresAt }, now);
      },
    }),
  failed: unlocked(deps),
});

const deleteSaga = (deps: Deps): Saga<SnapshotParams> => ({
  type: 'snapshot.delete',
  steps: [
    {
      name: 'delete',
      action: async (ctx) =>
        void (await onHost(deps, ctx, 'snapshot.delete', { instanceId: ctx.params.spec.id, type: ctx.params.spec.type, snapshotId: ctx.params.snapshotId })),
    },
  ],
  succeeded: (ctx) =>
    endWork(deps, ctx, {
      outcome: SUCCESS,
      events: (instance) => [
        {
          type: 'SnapshotDeleted',
          data: { ...placeOf(instance), operationId: ctx.sagaId, snapshotId: ctx.params.snapshotId, snapshotName: ctx.params.snapshotName },
        },
      ],
    }),
  failed: unlocked(deps),
});

/** The root is replaced at the second step: from there a running instance must come back, with the snapshot's disk. */
const restoreSaga = (deps: Deps): Saga<RestoreParams> => ({
  type: 'snapshot.restore',
  steps: [
    {
      name: 'stop',
      async action(ctx) {
        if (!(ctx.params.running ?? ctx.params.restart)) return {};
        await onHost(deps, ctx, 'instance.stop', { instance: ctx.params.spec, epoch: ctx.params.epoch, force: true, timeoutSeconds: 30 });
        await releasePorts(deps, ctx, ctx.params.spec);
        return { stopped: true };
      },
    },
    {
      name: 'restore',
      action: async (ctx) =>
        void (await onHost(deps, ctx, 'snapshot.restore', {
          instance: ctx.params.restoredSpec,
          snapshotId: ctx.params.snapshotId,
          stateful: ctx.params.stateful,
        })),
    },
    {
      name: 'ports',
      async action(ctx) {
        const { spec, restoredSpec, restart } = ctx.params;
        if (restart) return portsForStart(deps, ctx, restoredSpec);
        if (nicsChanged(spec, restoredSpec)) await definePorts(deps, ctx, restoredSpec);
        return {};
      },
      async undo(ctx) {
        const { spec, restoredSpec, restart } = ctx.params;
        if (restart) await releasePorts(deps, ctx, restoredSpec);
        if (nicsChanged(spec, restoredSpec)) await definePorts(deps, ctx, spec);
      },
    },
    {
      name: 'start',
      async action(ctx) {
        if (ctx.params.restart)
          await onHost(deps, ctx, 'instance.start', { instance: plugged(ctx.params.restoredSpec, ctx.results), epoch: ctx.params.epoch + 1 });
      },
      async undo(ctx) {
        if (ctx.params.restart)
          await undoOnHost(deps, ctx, 'instance.stop', { instance: ctx.params.restoredSpec, epoch: ctx.params.epoch + 1, force: true, timeoutSeconds: 30 });
      },
    },
  ],
  async succeeded(ctx) {
    try {
      await endWork(deps, ctx, { outcome: SUCCESS, events: (instance, now) => restoredEvents(ctx, instance, now) });
    } catch (error) {
      // A profile of the snapshot was deleted while its disk was being restored.
      if (!(error instanceof ConstraintViolation)) throw error;
      const events = (instance: LiveInstance): InstanceEvent[] => [
        ...(ctx.params.restart ? [restarted(ctx, instance, new Date())] : []),
        { type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } },
      ];
      await endWork(deps, ctx, { outcome: { status: 'Failure', err: 'A profile that the snapshot uses does not exist any more' }, events });
    }
  },
  async failed(ctx, error) {
    if (!ctx.results.stopped) return unlocked(deps)(ctx, error);
    await endWork(deps, ctx, {
      outcome: failure(error),
      events: (instance) => [{ type: 'InstanceStopped', data: { ...placeOf(instance), operationId: ctx.sagaId, reason: 'failed' } }],
    });
  },
});

function restoredEvents(ctx: Context<RestoreParams>, instance: LiveInstance, now: Date): InstanceEvent[] {
  const snapshot = instance.snapshots.find((one) => one.id === ctx.params.snapshotId);
  const begin = ctx.params.restart
    ? [
        { type: 'InstanceRestarting' as const, data: { ...placeOf(instance), operationId: ctx.sagaId, epoch: ctx.params.epoch + 1 } },
        restarted(ctx, instance, now),
      ]
    : [];
  const end: InstanceEvent[] = snapshot
    ? restored(instance, ctx.sagaId, snapshot)
    : [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }];
  return [...begin, ...end];
}

const restarted = (ctx: Context<RestoreParams>, instance: LiveInstance, now: Date): InstanceEvent => ({
  type: 'InstanceRestarted',
  data: { ...placeOf(instance), operationId: ctx.sagaId, at: now.toISOString() },
});

export const snapshotSagas = (deps: Deps) => [defineSaga(takeSaga(deps)), defineSaga(deleteSaga(deps)), defineSaga(restoreSaga(deps))];
