/**
 * Moves of instances between members (ADR 0014). A guest runs on one host at any time: the target's runs only when it
 * is told to, by a step that knows that the source has stopped; an undo lets the source go on only when it knows that
 * nothing runs at the target.
 *
 *   live      turn  prepare-target  mirror  memory  ports  switchover  [confirm-target]  record  release-ports  release-source
 *   restart   turn  image  first  stop  rest  ports  start  [record]  release-source
 *   cold      turn  image  copy  [record]  release-source
 *
 * [ ] is the pivot: before it the source goes on, after it only the target can.
 */
import { moveEndpoint, settledOutcome, WeftError } from '@weft/contracts';
import { defineSaga, type SagaDefinition, type SagaStep } from '@weft/saga';
import type { MoveContext, MoveWorld } from './migration-work';
import type { MigrateParams } from './saga-params';

export type MoveSaga = SagaDefinition<MigrateParams, Record<string, unknown>>;
type Step = SagaStep<MigrateParams, Record<string, unknown>>;

/** For a guest to shut down; then it is killed: it was asked to move, and moves. */
const SHUTDOWN_SECONDS = 60;

/** The instance as the source has it, and as the target will. */
const atSource = ({ params }: MoveContext) => ({ instance: params.spec, epoch: params.epoch });
const atTarget = ({ params }: MoveContext) => ({ instance: params.targetSpec, epoch: params.epoch + 1 });
const ofMigration = ({ params }: MoveContext) => ({ migrationId: params.migrationId });
const leaving = (ctx: MoveContext) => ({
  ...atSource(ctx),
  ...ofMigration(ctx),
  to: ctx.params.target,
  endpoint: moveEndpoint.parse(ctx.results.endpoint),
  limits: ctx.params.limits,
});
const coming = (ctx: MoveContext) => ({ ...atTarget(ctx), ...ofMigration(ctx) });
const gone = ({ params }: MoveContext) => ({ instanceId: params.spec.id, type: params.spec.type });
const speed = ({ params }: MoveContext) => ({ bytesPerSecond: params.limits.bandwidthBytesPerSecond });
const isContainer = ({ params }: MoveContext): boolean => params.spec.type === 'container';

/**
 * Finds out where the guest is and makes that true: at the source again when it was not told to begin at the target, and
 * at the target when it was.
 */
const takeBack =
  (world: MoveWorld) =>
  async (ctx: MoveContext): Promise<void> => {
    const { member, target } = ctx.params;
    const settle = async (reclaim: boolean) =>
      settledOutcome.parse((await world.decide(ctx, member, 'migration.settle', { ...atSource(ctx), ...ofMigration(ctx), reclaim })).outcome);
    if (await world.hasMoved(ctx)) return;
    const outcome = await settle(false);
    if (outcome === 'resumed') return;
    if (outcome === 'gone') await confirmIfWhole(world, ctx);
    if ((await world.decide(ctx, target, 'migration.discard-target', coming(ctx))).running === true) return world.record(ctx);
    if (outcome === 'handed-over') await settle(true);
  };

/** The source's process has ended after the hand-over had begun: the target may have all of the memory. */
async function confirmIfWhole(world: MoveWorld, ctx: MoveContext): Promise<void> {
  try {
    await world.decide(ctx, ctx.params.target, 'migration.confirm-target', coming(ctx));
  } catch (error) {
    // The target has answered: it has not.
    if (!(error instanceof WeftError) || error.code === 'member.unavailable' || ctx.signal.aborted) throw error;
    ctx.log.warn({ err: error }, 'the guest cannot go on at the target either');
  }
}

const turn = (world: MoveWorld): Step => ({ name: 'turn', action: (ctx) => world.turn(ctx) });

/** The image that a container's differences are to. */
const image = (world: MoveWorld): Step => ({
  name: 'image',
  async action(ctx) {
    const { spec, member, target } = ctx.params;
    if (!isContainer(ctx) || spec.imageFingerprint === '' || world.hasImage(target, spec.imageFingerprint)) return;
    await world.order(ctx, target, 'image.fetch', { fingerprint: spec.imageFingerprint, from: member });
  },
});

const record = (world: MoveWorld, pivot = false): Step => ({ name: 'record', action: (ctx) => world.record(ctx), pivot });
const release = (world: MoveWorld, ctx: MoveContext): Promise<void> => world.later(ctx, ctx.params.member, 'instance.delete', gone(ctx));
const releaseSource = (world: MoveWorld): Step => ({ name: 'release-source', action: (ctx) => release(world, ctx) });

/** What a copy has left at the target goes: nothing has run from it, or nothing does any more. */
const deleteCopy =
  (world: MoveWorld) =>
  async (ctx: MoveContext): Promise<void> => {
    if (!(await world.hasMoved(ctx))) await world.later(ctx, ctx.params.target, 'instance.delete', gone(ctx));
  };

/**
 * A failure, or a cancel, that comes when the guest is the target's already has changed nothing: what is left to do is done. Also when
 * nobody knew: the database may have taken in that it has moved, and died before it said so.
 */
const ends = (world: MoveWorld, releasePorts: (ctx: MoveContext) => Promise<void> = () => Promise.resolve()): Pick<MoveSaga, 'succeeded' | 'failed'> => ({
  succeeded: (ctx) => world.succeeded(ctx),
  async failed(ctx, error) {
    if (!(await world.hasMoved(ctx))) return world.failed(ctx, error);
    await releasePorts(ctx);
    await release(world, ctx);
    await world.succeeded(ctx);
  },
});

const releasePorts = (world: MoveWorld, ctx: MoveContext): Promise<void> => world.ports.bindOne(ctx, ctx.params.target);

const liveSaga = (world: MoveWorld): MoveSaga => ({
  type: 'instance.migrate-live',
  steps: [
    turn(world),
    {
      name: 'prepare-target',
      async action(ctx) {
        const { abi, diskBytes, blockers } = await world.facts(ctx);
        if (blockers.length > 0 || !abi) throw new WeftError('instance.wrong-status', `The instance cannot move: ${blockers.join('; ')}`);
        const order = { ...coming(ctx), instance: await world.ports.specAtTarget(ctx), from: ctx.params.member, abi, diskBytes, ...speed(ctx) };
        return { endpoint: await world.order(ctx, ctx.params.target, 'migration.prepare-target', order) };
      },
      async undo(ctx) {
        if (!(await world.hasMoved(ctx))) await world.later(ctx, ctx.params.target, 'migration.discard-target', coming(ctx));
      },
    },
    { name: 'mirror', action: async (ctx) => void (await world.order(ctx, ctx.params.member, 'migration.mirror', leaving(ctx))), undo: takeBack(world) },
    { name: 'memory', action: async (ctx) => void (await world.order(ctx, ctx.params.member, 'migration.memory', leaving(ctx))), undo: takeBack(world) },
    {
      name: 'ports',
      action: (ctx) => world.ports.bindBoth(ctx),
      undo: async (ctx) => world.ports.bindOne(ctx, (await world.hasMoved(ctx)) ? ctx.params.target : ctx.params.member),
    },
    { name: 'switchover', action: (ctx) => world.order(ctx, ctx.params.member, 'migration.switchover', leaving(ctx)), undo: takeBack(world) },
    {
      name: 'confirm-target',
      action: async (ctx) => void (await world.order(ctx, ctx.params.target, 'migration.confirm-target', coming(ctx))),
      undo: takeBack(world),
      pivot: true,
    },
    record(world),
    { name: 'release-ports', action: (ctx) => releasePorts(world, ctx) },
    releaseSource(world),
  ],
  ...ends(world, (ctx) => releasePorts(world, ctx)),
});

const coldSaga = (world: MoveWorld): MoveSaga => ({
  type: 'instance.migrate-cold',
  steps: [
    turn(world),
    image(world),
    {
      name: 'copy',
      action: async (ctx) =>
        void (await world.order(ctx, ctx.params.target, 'instance.fetch', { ...atTarget(ctx), from: ctx.params.member, pass: 'whole', ...speed(ctx) })),
      undo: deleteCopy(world),
    },
    record(world, true),
    releaseSource(world),
  ],
  ...ends(world),
});

const restartSaga = (world: MoveWorld): MoveSaga => ({
  type: 'instance.migrate-restart',
  steps: [
    turn(world),
    image(world),
    {
      name: 'first',
      async action(ctx) {
        if (isContainer(ctx))
          await world.order(ctx, ctx.params.target, 'instance.fetch', { ...atTarget(ctx), from: ctx.params.member, pass: 'first', ...speed(ctx) });
      },
      undo: deleteCopy(world),
    },
    {
      name: 'stop',
      action: (ctx) => stopForMove(world, ctx),
      async undo(ctx) {
        if (await world.hasMoved(ctx)) return;
        await world.later(ctx, ctx.params.member, 'instance.start', { ...atSource(ctx), instance: await world.ports.activate(ctx, ctx.params.member) });
      },
    },
    {
      name: 'rest',
      async action(ctx) {
        const pass = isContainer(ctx) ? 'rest' : 'whole';
        await world.order(ctx, ctx.params.target, 'instance.fetch', { ...atTarget(ctx), from: ctx.params.member, pass, ...speed(ctx) });
      },
    },
    {
      name: 'start',
      async action(ctx) {
        const instance = await world.ports.activate(ctx, ctx.params.target);
        await world.order(ctx, ctx.params.target, 'instance.start', { ...atTarget(ctx), instance });
      },
      // For certain: the next undo starts it at the source.
      async undo(ctx) {
        if (await world.hasMoved(ctx)) return;
        await world.decide(ctx, ctx.params.target, 'instance.stop', { ...atTarget(ctx), force: true, timeoutSeconds: SHUTDOWN_SECONDS });
      },
    },
    record(world, true),
    releaseSource(world),
  ],
  ...ends(world),
});

async function stopForMove(world: MoveWorld, ctx: MoveContext): Promise<void> {
  const order = { ...atSource(ctx), timeoutSeconds: SHUTDOWN_SECONDS };
  try {
    await world.order(ctx, ctx.params.member, 'instance.stop', { ...order, force: false });
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'task.failed') throw error;
    await world.order(ctx, ctx.params.member, 'instance.stop', { ...order, force: true }, 'instance.stop by force');
  }
}

/** Every saga of moves, in that world. */
export const moveSagas = (world: MoveWorld): MoveSaga[] => [liveSaga(world), coldSaga(world), restartSaga(world)];
export const migrationSagas = (world: MoveWorld) => moveSagas(world).map((saga) => defineSaga(saga));
