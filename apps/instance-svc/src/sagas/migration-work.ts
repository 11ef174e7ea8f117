/** What the sagas of moves are made of. */
import {
  moveEndpoint,
  moveFacts,
  newId,
  settledOutcome,
  WeftError,
  type AgentTask,
  type InstanceEvent,
  type MoveEndpoint,
  type TaskBody,
  type TaskKind,
} from '@weft/contracts';
import type { SagaError } from '@weft/saga';
import { execute } from '@weft/service';
import { appendInstance } from '../commands/instance-operation';
import { placeOf } from '../domain/instance.decider';
import { instanceFold, instanceStream, isLive } from '../domain/instance.state';
import { instanceMoved } from '../domain/migration.decider';
import type { Deps } from '../instance.deps';
import type { MigrateParams } from './saga-params';
import { endWork, failure, onHost, undoOnHost, type Context } from './saga-work';

export type MoveContext = Context<MigrateParams>;

/** How long an order waits whose answer decides where the guest may run. Then it is given again, for as long as it takes. */
const DECIDING_MS = 60_000;

export const onTarget = <K extends TaskKind>(deps: Deps, ctx: MoveContext, kind: K, body: TaskBody<K>): Promise<Record<string, unknown>> =>
  onHost(deps, ctx, kind, body, ctx.params.target);

/** The instance as the source has it, and as the target will. */
export const atSource = ({ params }: MoveContext) => ({ instance: params.spec, epoch: params.epoch });
export const atTarget = ({ params }: MoveContext) => ({ instance: params.targetSpec, epoch: params.epoch + 1 });

/**
 * An order whose answer must be known before anything else is done: without one the step fails, and is tried again. A
 * new task each time, because the answer changes with the world.
 */
async function decisive<K extends TaskKind>(deps: Deps, ctx: MoveContext, member: string, kind: K, body: TaskBody<K>): Promise<Record<string, unknown>> {
  const task = { taskId: newId(), kind, body, traceparent: ctx.params.meta.traceparent } as AgentTask<K>;
  return deps.tasks.run(task, { member, timeLimitMs: DECIDING_MS, signal: ctx.signal });
}

export async function hasMoved(deps: Deps, { params }: MoveContext): Promise<boolean> {
  const { state } = await deps.store.load(instanceFold, instanceStream(params.spec.id));
  return !isLive(state) || state.member === params.target;
}

/** From here on the log says that the instance is the target's. Safe to repeat. */
export async function recordMove(deps: Deps, ctx: MoveContext): Promise<void> {
  const { meta, spec, target, epoch, targetSpec } = ctx.params;
  const commandId = newId();
  await execute(deps, { ...meta, commandId, causationId: meta.commandId }, 'instance.moved', {}, async (uow) => {
    const { state } = await uow.load(instanceFold, instanceStream(spec.id));
    appendInstance(uow, spec.id, instanceMoved(state, ctx.sagaId, { member: target, epoch: epoch + 1, newName: targetSpec.name }));
    return {};
  });
}

/** What is left at the source goes; when it cannot now, it waits in its queue. */
export const releaseSource = (deps: Deps, ctx: MoveContext): Promise<void> =>
  undoOnHost(deps, ctx, 'instance.delete', { instanceId: ctx.params.spec.id, type: ctx.params.spec.type });

/** What a copy has left at the target goes: nothing has run from it. */
export const deleteAtTarget =
  (deps: Deps) =>
  async (ctx: MoveContext): Promise<void> => {
    if (await hasMoved(deps, ctx)) return;
    await undoOnHost(deps, ctx, 'instance.delete', { instanceId: ctx.params.spec.id, type: ctx.params.spec.type }, ctx.params.target);
  };

/** A guest that was started at the target is ended there, for certain: the next undo starts it at the source. */
export const stopAtTarget =
  (deps: Deps) =>
  async (ctx: MoveContext): Promise<void> => {
    await decisive(deps, ctx, ctx.params.target, 'instance.stop', { ...atTarget(ctx), force: true, timeoutSeconds: 30 });
  };

export const factsOf = async (deps: Deps, { params }: MoveContext) =>
  moveFacts.parse(await deps.agents.request(params.member, 'migration.facts', { instance: params.spec }));

export const endpointOf = ({ results }: MoveContext): MoveEndpoint => moveEndpoint.parse(results.endpoint);

/** The image that a container's differences are to. */
export async function fetchImage(deps: Deps, ctx: MoveContext): Promise<void> {
  const { spec, member, target } = ctx.params;
  if (spec.type !== 'container' || spec.imageFingerprint === '') return;
  if (deps.members.get(target)?.heartbeat.images.includes(spec.imageFingerprint)) return;
  await onTarget(deps, ctx, 'image.fetch', { fingerprint: spec.imageFingerprint, from: member });
}

export const settleAtSource = async (deps: Deps, ctx: MoveContext, reclaim: boolean) =>
  settledOutcome.parse(
    (await decisive(deps, ctx, ctx.params.member, 'migration.settle', { ...atSource(ctx), migrationId: ctx.params.migrationId, reclaim })).outcome,
  );

/** Removes what waits at the target for the guest, for certain; true when the guest runs there. */
export async function discardAtTarget(deps: Deps, ctx: MoveContext): Promise<boolean> {
  const { running } = await decisive(deps, ctx, ctx.params.target, 'migration.discard-target', { ...atTarget(ctx), migrationId: ctx.params.migrationId });
  return running === true;
}

/** The source's process is gone after the hand-over had begun: the target may have all of the memory. */
export async function confirmIfWhole(deps: Deps, ctx: MoveContext): Promise<void> {
  try {
    await decisive(deps, ctx, ctx.params.target, 'migration.confirm-target', { ...atTarget(ctx), migrationId: ctx.params.migrationId });
  } catch (error) {
    if (!(error instanceof WeftError) || error.code === 'member.unavailable') throw error;
    ctx.log.warn({ err: error }, 'the guest cannot go on at the target either');
  }
}

const unlocked =
  (ctx: MoveContext): ((instance: Parameters<typeof placeOf>[0]) => InstanceEvent[]) =>
  (instance) => [{ type: 'InstanceUnlocked', data: { ...placeOf(instance), operationId: ctx.sagaId } }];

/** What the operation shows in the end: text only, the stock client takes nothing else. */
function report({ results, params }: MoveContext): Record<string, string> {
  const { downtimeMs, totalMs, memoryBytes, rounds } = results;
  const figures = { downtime_ms: downtimeMs, memory_copy_ms: totalMs, memory_bytes: memoryBytes, memory_rounds: rounds };
  const known = Object.entries(figures).filter(([, value]) => typeof value === 'number');
  return { source: params.member, target: params.target, ...Object.fromEntries(known.map(([key, value]) => [key, String(value)])) };
}

export const succeeded =
  (deps: Deps) =>
  (ctx: MoveContext): Promise<void> =>
    endWork(deps, ctx, { outcome: { status: 'Success', metadata: report(ctx) }, events: unlocked(ctx) });

/** A failure, or a cancel, that came when the guest ran at the target already has changed nothing. */
export const failed =
  (deps: Deps) =>
  async (ctx: MoveContext, error: SagaError): Promise<void> => {
    if (await hasMoved(deps, ctx)) return succeeded(deps)(ctx);
    await endWork(deps, ctx, { outcome: failure(error), events: unlocked(ctx) });
  };
