import { arrivedSnapshots, derivedId } from '@weft/contracts';
import { defineSaga } from '@weft/saga';
import { execute } from '@weft/service';
import { appendInstance } from '../commands/instance-operation';
import { addImageLocation } from '../commands/record-image-location';
import { arrivedSnapshot } from '../domain/handover.decider';
import { placeOf } from '../domain/instance.decider';
import { instanceFold, instanceStream, isLive } from '../domain/instance.state';
import { hasNics } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { removePorts } from './port-release';
import { definePorts } from './port-work';
import type { CreateParams } from './saga-params';
import { actionTaskId, endWork, failure, onHost, SUCCESS, undoOnHost, type Context } from './saga-work';

/** From nothing, an image, an instance, a snapshot or another server: its NICs get addresses, one host makes the root; a failure leaves nothing. */
export const createSaga = (deps: Deps) =>
  defineSaga<CreateParams, Record<string, unknown>>({
    type: 'instance.create',
    steps: [
      {
        name: 'ports',
        async action(ctx) {
          const { spec, portsLater } = ctx.params;
          if (hasNics(spec) && !portsLater) await definePorts(deps, ctx, spec);
        },
        undo: (ctx) => removePorts(deps, ctx, ctx.params.spec),
      },
      {
        name: 'make-root',
        async action(ctx) {
          const { spec, source, snapshots, fetchFrom, member, arrives } = ctx.params;
          if (source.kind === 'image' && fetchFrom) {
            await onHost(deps, ctx, 'image.fetch', { fingerprint: source.fingerprint, from: fetchFrom });
            await addImageLocation(deps, source.fingerprint, member);
          }
          if (arrives) return onHost(deps, ctx, 'instance.receive', { instance: spec, sessionId: ctx.sagaId });
          await onHost(deps, ctx, 'instance.create', { instance: spec, source, snapshots });
          return {};
        },
        async undo(ctx) {
          const { spec, arrives } = ctx.params;
          if (arrives) await undoOnHost(deps, ctx, 'task.cancel', { taskId: actionTaskId(ctx, 'make-root', 'instance.receive') });
          await undoOnHost(deps, ctx, 'instance.delete', { instanceId: spec.id, type: spec.type });
        },
      },
    ],
    async succeeded(ctx) {
      await release(deps, ctx);
      const operationId = ctx.sagaId;
      const came = arrivedSnapshots.partial().parse(ctx.results).snapshots ?? [];
      await endWork(deps, ctx, {
        outcome: SUCCESS,
        events: (instance) => [
          { type: 'InstanceProvisioned', data: { ...placeOf(instance), operationId } },
          ...came.map((snapshot) => arrivedSnapshot(instance, operationId, snapshot)),
        ],
      });
    },
    async failed(ctx, error) {
      await release(deps, ctx);
      const operationId = ctx.sagaId;
      await endWork(deps, ctx, {
        outcome: failure(error),
        events: (instance) => [{ type: 'InstanceDeleted', data: { ...placeOf(instance), operationId, reason: 'undone' } }],
      });
    },
  });

/** The source of a copy may be changed again. */
async function release(deps: Deps, ctx: Context<CreateParams>): Promise<void> {
  const { retained, meta } = ctx.params;
  if (!retained) return;
  await execute(deps, { ...meta, commandId: derivedId(ctx.commandId, 'release') }, 'instance.release', {}, async (uow) => {
    const { state } = await uow.load(instanceFold, instanceStream(retained));
    if (isLive(state) && state.retainedBy.includes(ctx.sagaId))
      appendInstance(uow, retained, [{ type: 'InstanceReleased', data: { ...placeOf(state), operationId: ctx.sagaId } }]);
    return {};
  });
}
