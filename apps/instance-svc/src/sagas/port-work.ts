/**
 * The NICs of an instance in its sagas: what the network service is asked for, and when it may be left for later.
 *
 *   define      addresses are allocated and kept           create, changes of what does not run
 *   activate    the same, and the ports are in OVN         before a host starts a guest or changes its NICs
 *
 * How they leave again: port-release.ts.
 * An instance without NICs needs no network service. ADR 0009.
 */
import { boundNic, type BoundNic, type InstanceSpec } from '@weft/contracts';
import { z } from 'zod';
import { hasNics, nicsOf } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { causeOf, type PortContext } from './port-context';
import { endReleases } from './port-release';

type Nics = Record<string, BoundNic>;

const boundPorts = z.object({ ports: z.record(z.string(), boundNic) });

const portsOf = (spec: InstanceSpec) => ({ instanceId: spec.id, instanceName: spec.name, type: spec.type, nics: nicsOf(spec) });

/** Exactly the NICs of `spec` have addresses afterwards. `label` tells two calls of one step apart. */
export async function definePorts(deps: Deps, ctx: PortContext, spec: InstanceSpec, label = 'port.define'): Promise<void> {
  await deps.networks.call('port.define', portsOf(spec), causeOf(ctx, label));
}

/** Exactly the NICs of `spec` have a port in OVN afterwards, for guests of `member`. What the host needs to plug them. */
export async function activatePorts(deps: Deps, ctx: PortContext, spec: InstanceSpec, label = 'port.activate'): Promise<Nics> {
  const result = await deps.networks.call('port.activate', { ...portsOf(spec), member: ctx.params.member }, causeOf(ctx, label));
  return boundPorts.parse(result).ports;
}

/** For a guest that moves: its ports may be on two members at once, then on one again. */
export async function bindPorts(deps: Deps, ctx: PortContext, spec: InstanceSpec, members: string[]): Promise<void> {
  if (!hasNics(spec)) return;
  await deps.networks.call('port.bind', { instanceId: spec.id, members }, causeOf(ctx, `port.bind ${members.join(' ')}`));
}

/** The step before a start: `{nics}` for `plugged`, nothing for an instance without NICs. */
export async function portsForStart(deps: Deps, ctx: PortContext, spec: InstanceSpec): Promise<{ nics?: Nics }> {
  if (!hasNics(spec)) return {};
  await endReleases(deps, ctx, spec.id);
  return { nics: await activatePorts(deps, ctx, spec) };
}

/** What a host is told: the spec with the NICs that an earlier step has bound. */
export const plugged = (spec: InstanceSpec, results: Readonly<Record<string, unknown>>): InstanceSpec =>
  results.nics === undefined ? spec : { ...spec, nics: results.nics as Nics };
