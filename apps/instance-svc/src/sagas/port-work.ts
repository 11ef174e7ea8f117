/**
 * The NICs of an instance in its sagas: what the network service is asked for, and when it may be left for later.
 *
 *   define      addresses are allocated and kept           create, changes of what does not run
 *   activate    the same, and the ports are in OVN         before a host starts a guest or changes its NICs
 *   deactivate  the ports leave OVN, addresses stay        after the guest; never holds its end up
 *   remove      nothing is left                            with the instance; what cannot be done now, `ports.remove` does
 *
 * An instance without NICs needs no network service. ADR 0009.
 */
import { boundNic, derivedId, type BoundNic, type InstanceSpec, type Meta } from '@weft/contracts';
import { defineSaga, type SagaContext } from '@weft/saga';
import { execute, type Cause } from '@weft/service';
import { z } from 'zod';
import { serviceMeta } from '../commands/service-meta';
import { nicsOf } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import type { HostWork } from './saga-params';

type Context = Pick<SagaContext<Pick<HostWork, 'meta' | 'member'>, Record<string, unknown>>, 'params' | 'commandId' | 'signal' | 'log'>;
type Nics = Record<string, BoundNic>;

/** How long the end of a guest waits for its ports to leave OVN. Longer is of no use: nothing is plugged into them any more. */
const RELEASE_LIMIT_MS = 10_000;

const boundPorts = z.object({ ports: z.record(z.string(), boundNic) });

export const hasNics = ({ devices }: Pick<InstanceSpec, 'devices'>): boolean => Object.values(devices).some(({ type }) => type === 'nic');

/** The saga's own meta, with an id of its own for every call of a step: a repeat is the same call. */
const causeOf = (ctx: Context, name: string): Cause => ({ meta: ctx.params.meta, commandId: derivedId(ctx.commandId, name), signal: ctx.signal });

const portsOf = (spec: InstanceSpec) => ({ instanceId: spec.id, instanceName: spec.name, type: spec.type, nics: nicsOf(spec) });

/** Exactly the NICs of `spec` have addresses afterwards. `label` tells two calls of one step apart. */
export async function definePorts(deps: Deps, ctx: Context, spec: InstanceSpec, label = 'port.define'): Promise<void> {
  await deps.networks.call('port.define', portsOf(spec), causeOf(ctx, label));
}

/** Exactly the NICs of `spec` have a port in OVN afterwards, for guests of `member`. What the host needs to plug them. */
export async function activatePorts(deps: Deps, ctx: Context, spec: InstanceSpec, label = 'port.activate'): Promise<Nics> {
  const result = await deps.networks.call('port.activate', { ...portsOf(spec), member: ctx.params.member }, causeOf(ctx, label));
  return boundPorts.parse(result).ports;
}

/** For a guest that moves: its ports may be on two members at once, then on one again. */
export async function bindPorts(deps: Deps, ctx: Context, spec: InstanceSpec, members: string[]): Promise<void> {
  if (!hasNics(spec)) return;
  await deps.networks.call('port.bind', { instanceId: spec.id, members }, causeOf(ctx, `port.bind ${members.join(' ')}`));
}

/** The step before a start: `{nics}` for `plugged`, nothing for an instance without NICs. */
export const portsForStart = async (deps: Deps, ctx: Context, spec: InstanceSpec): Promise<{ nics?: Nics }> =>
  hasNics(spec) ? { nics: await activatePorts(deps, ctx, spec) } : {};

/** What a host is told: the spec with the NICs that an earlier step has bound. */
export const plugged = (spec: InstanceSpec, results: Readonly<Record<string, unknown>>): InstanceSpec =>
  results.nics === undefined ? spec : { ...spec, nics: results.nics as Nics };

/** The guest is gone, its ports leave OVN. A network service that is away keeps nobody: the next start binds them anew. */
export async function releasePorts(deps: Deps, ctx: Context, spec: InstanceSpec): Promise<void> {
  if (!hasNics(spec)) return;
  try {
    await deps.networks.call('port.deactivate', { instanceId: spec.id }, { ...causeOf(ctx, 'port.deactivate'), timeoutMs: RELEASE_LIMIT_MS });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.log.warn({ err: error, instance: spec.id }, 'ports of a guest that has ended stay in OVN until its next start');
  }
}

/** The instance is gone or was never made: so are its addresses, at once or as soon as the network service is back. */
export async function removePorts(deps: Deps, ctx: Context, spec: InstanceSpec): Promise<void> {
  if (!hasNics(spec)) return;
  try {
    await deps.networks.call('port.remove', { instanceId: spec.id }, { ...causeOf(ctx, 'port.remove'), timeoutMs: RELEASE_LIMIT_MS });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.log.warn({ err: error, instance: spec.id }, 'ports are removed later');
    await removePortsLater(deps, ctx.params.meta, spec.id);
  }
}

interface RemoveParams {
  meta: Meta;
  instanceId: string;
}

/** Sees to it that no address stays with an instance that is gone. Safe to repeat. */
export async function removePortsLater(deps: Deps, { project, correlationId }: Pick<Meta, 'project' | 'correlationId'>, instanceId: string): Promise<void> {
  const id = derivedId('ports.remove', instanceId);
  const meta = serviceMeta(project, correlationId, id);
  await execute(deps, meta, 'ports.remove', { instanceId }, async (uow) => {
    const params: RemoveParams = { meta: { ...meta, traceparent: undefined }, instanceId };
    uow.inTransaction((client) => deps.sagas.insert(client, { id, type: 'ports.remove', params }));
    uow.afterCommit(() => deps.sagas.wake(id));
    return {};
  });
}

/** The pivot comes first: what is left to do is tried until it is done. */
export const removePortsSaga = (deps: Deps) =>
  defineSaga<RemoveParams, Record<string, unknown>>({
    type: 'ports.remove',
    steps: [
      { name: 'begin', action: () => Promise.resolve({}), pivot: true },
      {
        name: 'remove',
        async action({ params, commandId, signal }) {
          await deps.networks.call('port.remove', { instanceId: params.instanceId }, { meta: params.meta, commandId, signal });
        },
      },
    ],
  });
