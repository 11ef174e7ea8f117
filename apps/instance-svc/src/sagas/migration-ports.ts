/** Ports of an instance that moves: bound to both hosts during the hand-over, so that no packet is lost. */
import type { InstanceSpec } from '@weft/contracts';
import type { Deps } from '../instance.deps';
import type { MoveContext } from './migration-work';

/** What the target is told: the NICs as the source has them. */
export const targetNics = (_deps: Deps, { params }: MoveContext): Promise<InstanceSpec> => Promise.resolve(params.targetSpec);

/** Both hosts may have the port; the target's begins with the guest's first announcement (OVN: activation-strategy=rarp). */
export const bindBoth = (_deps: Deps, _ctx: MoveContext): Promise<void> => Promise.resolve();

export const bindOne = (_deps: Deps, _ctx: MoveContext, _member: string): Promise<void> => Promise.resolve();

/** Of a guest that starts there. */
export const portsAt = (_deps: Deps, _ctx: MoveContext, spec: InstanceSpec, _member: string): Promise<InstanceSpec> => Promise.resolve(spec);
