/** Ports of an instance that moves: bound to both hosts during the hand-over, so that no packet is lost. */
import type { InstanceSpec } from '@weft/contracts';
import { hasNics } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { activatePorts, bindPorts } from './port-work';
import type { MoveContext } from './migration-work';

export interface MovePorts {
  /** What the target is told: the NICs as the source has them. */
  specAtTarget(ctx: MoveContext): Promise<InstanceSpec>;
  /** Both hosts get what is sent to the guest; at the target it waits for it. */
  bindBoth(ctx: MoveContext): Promise<void>;
  bindOne(ctx: MoveContext, member: string): Promise<void>;
  /** For a guest that starts there; what its host is told. */
  activate(ctx: MoveContext, member: string): Promise<InstanceSpec>;
}

export function movePorts(deps: Deps): MovePorts {
  const activate = async (ctx: MoveContext, spec: InstanceSpec, member: string): Promise<InstanceSpec> => {
    if (!hasNics(spec)) return spec;
    const there = { ...ctx, params: { ...ctx.params, member } };
    return { ...spec, nics: await activatePorts(deps, there, spec, `port.activate ${member}`) };
  };
  return {
    async specAtTarget(ctx) {
      const { spec, targetSpec, member } = ctx.params;
      // They are active there: this tells what they are.
      return { ...targetSpec, nics: (await activate(ctx, spec, member)).nics };
    },
    // The target comes first already: while OVN changes which one does, packets go to one of the two only, and now that is no harm, as the guest is at
    // the source and what goes to the target waits for it there. Behind the hand-over it would be.
    bindBoth: (ctx) => bindPorts(deps, ctx, ctx.params.spec, [ctx.params.target, ctx.params.member]),
    async bindOne(ctx, member) {
      const { spec, target, targetSpec } = ctx.params;
      await bindPorts(deps, ctx, spec, [member]);
      // Its name is in DNS too.
      if (member === target && targetSpec.name !== spec.name) await activate(ctx, targetSpec, target);
    },
    activate: (ctx, member) => activate(ctx, member === ctx.params.target ? ctx.params.targetSpec : ctx.params.spec, member),
  };
}
