import { derivedId } from '@weft/contracts';
import { defineSaga } from '@weft/saga';
import { execute } from '@weft/service';
import { appendInstance } from '../commands/instance-operation';
import { addImageLocation } from '../commands/record-image-location';
import { placeOf } from '../domain/instance.decider';
import { instanceFold, instanceStream, isLive } from '../domain/instance.state';
import { hasNics } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { removePorts } from './port-release';
import { definePorts } from './port-work';
import type { CreateParams } from './saga-params';
import { endWork, failure, onHost, SUCCESS, undoOnHost, type Context } from './saga-work';

/** From nothing, an image, an instance or a snapshot: its NICs get addresses, one host makes the root; a failure leaves nothing. */
export const createSaga = (deps: Deps) =>
  defineSaga<CreateParams, Record<string, unknown>>({
    type: 'instance.create',
    steps: [
      {
        name: 'ports',
        async action(ctx) {
          if (hasNics(ctx.params.spec)) await definePorts(deps, ctx, ctx.params.spec);
        },
        undo: (ctx) => removePorts(deps, ctx, ctx.params.spec),
      },
      {
        name: 'make-root',
        async action(ctx) {
          const { spec, source, snapshots, fetchFrom, member } = ctx.params;
          if (source.kind === 'image' && fetchFrom) {
            await onHost(deps, ctx, 'image.fetch', { fingerprint: source.fingerprint, from: fetchFrom });
            await addImageLocation(deps, source.fingerprint, member);
          }
          await onHost(deps, ctx, 'instance.create', { instance: spec, source, snapshots });
        },
        undo: (ctx) => undoOnHost(deps, ctx, 'instance.delete', { instanceId: ctx.params.spec.id, type: ctx.params.spec.type }),
      },
    ],
    async succeeded(ctx) {
      await release(deps, ctx);
      const operationId = ctx.sagaId;
      await endWork(deps, ctx, { outcome: SUCCESS, events: (instance) => [{ type: 'InstanceProvisioned', data: { ...placeOf(instance), operationId } }] });
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
