/**
 * How ports leave: behind their guest's end, or with their instance. Neither is held up by a network service that is away,
 * and neither is forgotten:
 *
 *   deactivate  the ports leave OVN, addresses stay    within 10 s, else by the saga `ports.release`
 *   remove      nothing is left                        within 10 s, else by the saga `ports.remove`
 *
 * What comes late must not hit the next run of the guest. A release keeps its command id through all its repeats, and a start
 * sends it once more before it binds the ports: whatever of it is still on the way is a repeat from then on, without effect.
 */
import { derivedId, type InstanceSpec, type Meta } from '@weft/contracts';
import { defineSaga, type SagaContext } from '@weft/saga';
import { execute } from '@weft/service';
import { serviceMeta } from '../commands/service-meta';
import { hasNics } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { findPortReleases } from '../queries/find-port-releases';
import { causeOf, type PortContext } from './port-context';

/** How long the end of a guest waits for its ports. Longer is of no use: nothing is plugged into them any more. */
const RELEASE_LIMIT_MS = 10_000;

interface PortParams {
  meta: Meta;
  instanceId: string;
}

export interface PortRelease extends PortParams {
  /** Of `port.deactivate`, in every repeat. */
  commandId: string;
}

type LaterParams = PortParams & Partial<PortRelease>;
type LaterContext = SagaContext<LaterParams, Record<string, unknown>>;

/** The guest of a saga is gone, its ports leave OVN. */
export async function releasePorts(deps: Deps, ctx: PortContext, spec: InstanceSpec): Promise<void> {
  if (!hasNics(spec)) return;
  const commandId = derivedId(ctx.commandId, 'port.deactivate');
  await releaseOrLater(deps, { meta: ctx.params.meta, instanceId: spec.id, commandId }, RELEASE_LIMIT_MS, ctx.signal);
}

/** Ports leave OVN now or, when that takes longer than `timeoutMs`, as soon as the network service can. */
export async function releaseOrLater(deps: Deps, release: PortRelease, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const { meta, instanceId, commandId } = release;
  try {
    await deps.networks.call('port.deactivate', { instanceId }, { meta, commandId, timeoutMs, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    deps.log.warn({ err: error, instanceId }, 'ports of a guest that has ended leave OVN later');
    await later(deps, 'ports.release', derivedId('ports.release', commandId), meta, { instanceId, commandId });
  }
}

/** Releases of earlier runs are over afterwards: none can take away what a start binds. */
export async function endReleases(deps: Deps, { signal }: PortContext, instanceId: string): Promise<void> {
  for (const { meta, commandId } of await findPortReleases(deps.pool, instanceId))
    await deps.networks.call('port.deactivate', { instanceId }, { meta, commandId, signal });
}

/** The instance is gone or was never made: so are its addresses, at once or as soon as the network service is back. */
export async function removePorts(deps: Deps, ctx: PortContext, spec: InstanceSpec): Promise<void> {
  if (!hasNics(spec)) return;
  try {
    await deps.networks.call('port.remove', { instanceId: spec.id }, { ...causeOf(ctx, 'port.remove'), timeoutMs: RELEASE_LIMIT_MS });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.log.warn({ err: error, instance: spec.id }, 'ports are removed later');
    await removePortsLater(deps, ctx.params.meta, spec.id);
  }
}

/** Sees to it that no address stays with an instance that is gone. Safe to repeat. */
export const removePortsLater = (deps: Deps, cause: Pick<Meta, 'project' | 'correlationId'>, instanceId: string): Promise<void> =>
  later(deps, 'ports.remove', derivedId('ports.remove', instanceId), cause, { instanceId });

/** Safe to repeat: an id has one saga. */
async function later(
  deps: Deps,
  type: 'ports.remove' | 'ports.release',
  id: string,
  { project, correlationId }: Pick<Meta, 'project' | 'correlationId'>,
  what: Omit<LaterParams, 'meta'>,
): Promise<void> {
  const meta = serviceMeta(project, correlationId, id);
  await execute(deps, meta, type, what, async (uow) => {
    const params: LaterParams = { meta: { ...meta, traceparent: undefined }, ...what };
    uow.inTransaction((client) => deps.sagas.insert(client, { id, type, params }));
    uow.afterCommit(() => deps.sagas.wake(id));
    return {};
  });
}

/** The pivot comes first: what is left to do is tried until it is done. */
const untilDone = (type: string, name: string, action: (ctx: LaterContext) => Promise<unknown>) =>
  defineSaga<LaterParams, Record<string, unknown>>({
    type,
    steps: [
      { name: 'begin', action: () => Promise.resolve({}), pivot: true },
      { name, action: async (ctx) => void (await action(ctx)) },
    ],
  });

export const portSagas = ({ networks }: Deps) => [
  untilDone('ports.remove', 'remove', ({ params: { meta, instanceId }, commandId, signal }) =>
    networks.call('port.remove', { instanceId }, { meta, commandId, signal }),
  ),
  untilDone('ports.release', 'release', ({ params: { meta, instanceId, commandId }, signal }) =>
    networks.call('port.deactivate', { instanceId }, { meta, commandId, signal }),
  ),
];
