/**
 * What the sagas of moves do in the world: orders to hosts, and the log. An interface, so that they can be run through
 * every order of faults without any (migration.simulation.spec.ts); `moveWorld` is the real one.
 */
import { moveFacts, newId, type InstanceEvent, type MoveFacts, type TaskBody, type TaskKind } from '@weft/contracts';
import type { SagaError } from '@weft/saga';
import { execute } from '@weft/service';
import { appendInstance } from '../commands/instance-operation';
import { placeOf } from '../domain/instance.decider';
import { instanceFold, instanceStream, isLive } from '../domain/instance.state';
import { instanceMoved } from '../domain/migration.decider';
import type { Deps } from '../instance.deps';
import { movePorts, type MovePorts } from './migration-ports';
import { awaitTurn } from './migration-turn';
import type { MigrateParams } from './saga-params';
import { endWork, failure, onHost, undoOnHost, type Context } from './saga-work';

export type MoveContext = Context<MigrateParams>;
type Answer = Promise<Record<string, unknown>>;

export interface MoveWorld {
  /** Resolves when the two hosts have room for one more move. */
  turn(ctx: MoveContext): Promise<void>;
  facts(ctx: MoveContext): Promise<MoveFacts>;
  hasImage(member: string, fingerprint: string): boolean;
  /** What a step has a host do; a repeat of the step is the same order. `label` tells two orders of one kind apart. */
  order<K extends TaskKind>(ctx: MoveContext, member: string, kind: K, body: TaskBody<K>, label?: string): Answer;
  /**
   * An order whose answer must be known before anything else is done: without one the step fails, and is tried again. A
   * new order each time, because the answer changes with the world.
   */
  decide<K extends TaskKind>(ctx: MoveContext, member: string, kind: K, body: TaskBody<K>): Answer;
  /** What the host cannot do now waits in its queue. */
  later<K extends TaskKind>(ctx: MoveContext, member: string, kind: K, body: TaskBody<K>): Promise<void>;
  ports: MovePorts;
  /** Does the log say that the instance is the target's? */
  hasMoved(ctx: MoveContext): Promise<boolean>;
  /** From here on it does. Safe to repeat. */
  record(ctx: MoveContext): Promise<void>;
  succeeded(ctx: MoveContext): Promise<void>;
  failed(ctx: MoveContext, error: SagaError): Promise<void>;
}

/** How long an order waits whose answer decides where the guest may run. Then it is given again, for as long as it takes. */
const DECIDING_MS = 60_000;

export const moveWorld = (deps: Deps): MoveWorld => ({
  turn: (ctx) => awaitTurn(deps, ctx),
  facts: async ({ params }) => moveFacts.parse(await deps.agents.request(params.member, 'migration.facts', { instance: params.spec })),
  hasImage: (member, fingerprint) => deps.members.get(member)?.heartbeat.images.includes(fingerprint) ?? false,
  order: (ctx, member, kind, body, label) => onHost(deps, ctx, kind, body, member, label),
  decide: (ctx, member, kind, body) =>
    deps.tasks.run({ taskId: newId(), kind, body, traceparent: ctx.params.meta.traceparent }, { member, timeLimitMs: DECIDING_MS, signal: ctx.signal }),
  later: (ctx, member, kind, body) => undoOnHost(deps, ctx, kind, body, member),
  ports: movePorts(deps),
  hasMoved: (ctx) => hasMoved(deps, ctx),
  record: (ctx) => recordMove(deps, ctx),
  succeeded: (ctx) => endWork(deps, ctx, { outcome: { status: 'Success', metadata: report(ctx) }, events: unlocked(ctx) }),
  failed: (ctx, error) => endWork(deps, ctx, { outcome: failure(error), events: unlocked(ctx) }),
});

async function hasMoved(deps: Deps, { params }: MoveContext): Promise<boolean> {
  const { state } = await deps.store.load(instanceFold, instanceStream(params.spec.id));
  return !isLive(state) || state.member === params.target;
}

async function recordMove(deps: Deps, ctx: MoveContext): Promise<void> {
  const { meta, spec, target, epoch, targetSpec, origin } = ctx.params;
  const commandId = newId();
  await execute(deps, { ...meta, commandId, causationId: meta.commandId }, 'instance.moved', {}, async (uow) => {
    const { state } = await uow.load(instanceFold, instanceStream(spec.id));
    appendInstance(uow, spec.id, instanceMoved(state, ctx.sagaId, { member: target, epoch: epoch + 1, newName: targetSpec.name, origin }));
    return {};
  });
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
