/**
 * Moves of instances between members (ADR 0014). A guest runs on one host at any time: the target's runs only when it
 * is told to, by a step that knows that the source has stopped; an undo lets the source go on only when it knows that
 * nothing runs at the target.
 *
 *   live      turn  prepare-target  ports  mirror  switchover  [confirm-target]  record  release-ports  release-source
 *   restart   turn  image  first  stop  rest  ports  start  [record]  release-source
 *   cold      turn  image  copy  [record]  release-source
 *
 * [ ] is the pivot: before it the source goes on, after it only the target can.
 */
import { defineSaga, type SagaDefinition, type SagaStep } from '@weft/saga';
import type { Deps } from '../instance.deps';
import { bindBoth, bindOne, portsAt, targetNics } from './migration-ports';
import { awaitTurn } from './migration-turn';
import {
  atSource,
  atTarget,
  confirmIfWhole,
  deleteAtTarget,
  discardAtTarget,
  endpointOf,
  factsOf,
  failed,
  fetchImage,
  hasMoved,
  onTarget,
  recordMove,
  releaseSource,
  settleAtSource,
  stopAtTarget,
  succeeded,
  type MoveContext,
} from './migration-work';
import type { MigrateParams } from './saga-params';
import { onHost, undoOnHost } from './saga-work';
import { WeftError } from '@weft/contracts';

type Saga = SagaDefinition<MigrateParams, Record<string, unknown>>;
type Step = SagaStep<MigrateParams, Record<string, unknown>>;

/** For a guest to shut down; then it is killed: it was asked to move, and moves. */
const SHUTDOWN_SECONDS = 60;

/**
 * Finds out where the guest is and makes that true: at the source again when it was not told to begin at the target, and
 * at the target when it was.
 */
const takeBack =
  (deps: Deps) =>
  async (ctx: MoveContext): Promise<void> => {
    if (await hasMoved(deps, ctx)) return;
    const outcome = await settleAtSource(deps, ctx, false);
    if (outcome === 'resumed') return;
    if (outcome === 'gone') await confirmIfWhole(deps, ctx);
    if (await discardAtTarget(deps, ctx)) {
      await recordMove(deps, ctx);
      await bindOne(deps, ctx, ctx.params.target);
      return releaseSource(deps, ctx);
    }
    if (outcome === 'handed-over') await settleAtSource(deps, ctx, true);
  };

const ofMigration = (ctx: MoveContext) => ({ migrationId: ctx.params.migrationId });
const sourceOrder = (ctx: MoveContext) => ({
  ...atSource(ctx),
  ...ofMigration(ctx),
  to: ctx.params.target,
  endpoint: endpointOf(ctx),
  limits: ctx.params.limits,
});

const turn = (deps: Deps): Step => ({ name: 'turn', action: (ctx) => awaitTurn(deps, ctx) });
const image = (deps: Deps): Step => ({ name: 'image', action: (ctx) => fetchImage(deps, ctx) });
const record = (deps: Deps, pivot = false): Step => ({ name: 'record', action: (ctx) => recordMove(deps, ctx), pivot });
const tidySource = (deps: Deps): Step => ({ name: 'release-source', action: (ctx) => releaseSource(deps, ctx) });

const liveSaga = (deps: Deps): Saga => ({
  type: 'instance.migrate-live',
  steps: [
    turn(deps),
    {
      name: 'prepare-target',
      async action(ctx) {
        const { abi, diskBytes, blockers } = await factsOf(deps, ctx);
        if (blockers.length > 0 || !abi) throw new WeftError('instance.wrong-status', `The instance cannot move: ${blockers.join('; ')}`);
        const instance = await targetNics(deps, ctx);
        const order = { ...atTarget(ctx), instance, ...ofMigration(ctx), from: ctx.params.member, abi, diskBytes };
        return { endpoint: await onTarget(deps, ctx, 'migration.prepare-target', order) };
      },
      async undo(ctx) {
        if (await hasMoved(deps, ctx)) return;
        await undoOnHost(deps, ctx, 'migration.discard-target', { ...atTarget(ctx), ...ofMigration(ctx) }, ctx.params.target);
      },
    },
    {
      name: 'ports',
      action: (ctx) => bindBoth(deps, ctx),
      undo: async (ctx) => bindOne(deps, ctx, (await hasMoved(deps, ctx)) ? ctx.params.target : ctx.params.member),
    },
    { name: 'mirror', action: async (ctx) => void (await onHost(deps, ctx, 'migration.mirror', sourceOrder(ctx))), undo: takeBack(deps) },
    { name: 'switchover', action: (ctx) => onHost(deps, ctx, 'migration.switchover', sourceOrder(ctx)), undo: takeBack(deps) },
    {
      name: 'confirm-target',
      action: async (ctx) => void (await onTarget(deps, ctx, 'migration.confirm-target', { ...atTarget(ctx), ...ofMigration(ctx) })),
      undo: takeBack(deps),
      pivot: true,
    },
    record(deps),
    { name: 'release-ports', action: (ctx) => bindOne(deps, ctx, ctx.params.target) },
    tidySource(deps),
  ],
  succeeded: succeeded(deps),
  failed: failed(deps),
});

const coldSaga = (deps: Deps): Saga => ({
  type: 'instance.migrate-cold',
  steps: [
    turn(deps),
    image(deps),
    {
      name: 'copy',
      action: async (ctx) => void (await onTarget(deps, ctx, 'instance.fetch', { ...atTarget(ctx), from: ctx.params.member, pass: 'whole' })),
      undo: deleteAtTarget(deps),
    },
    record(deps, true),
    tidySource(deps),
  ],
  succeeded: succeeded(deps),
  failed: failed(deps),
});

const restartSaga = (deps: Deps): Saga => ({
  type: 'instance.migrate-restart',
  steps: [
    turn(deps),
    image(deps),
    {
      name: 'first',
      async action(ctx) {
        if (ctx.params.spec.type === 'container') await onTarget(deps, ctx, 'instance.fetch', { ...atTarget(ctx), from: ctx.params.member, pass: 'first' });
      },
      undo: deleteAtTarget(deps),
    },
    {
      name: 'stop',
      action: (ctx) => stopForMove(deps, ctx),
      async undo(ctx) {
        if (!(await hasMoved(deps, ctx)))
          await undoOnHost(deps, ctx, 'instance.start', { ...atSource(ctx), instance: await portsAt(deps, ctx, ctx.params.spec, ctx.params.member) });
      },
    },
    {
      name: 'rest',
      async action(ctx) {
        const pass = ctx.params.spec.type === 'container' ? 'rest' : 'whole';
        await onTarget(deps, ctx, 'instance.fetch', { ...atTarget(ctx), from: ctx.params.member, pass });
      },
      undo: deleteAtTarget(deps),
    },
    {
      name: 'start',
      action: async (ctx) =>
        void (await onTarget(deps, ctx, 'instance.start', { ...atTarget(ctx), instance: await portsAt(deps, ctx, ctx.params.targetSpec, ctx.params.target) })),
      async undo(ctx) {
        if (!(await hasMoved(deps, ctx))) await stopAtTarget(deps)(ctx);
      },
    },
    record(deps, true),
    tidySource(deps),
  ],
  succeeded: succeeded(deps),
  failed: failed(deps),
});

async function stopForMove(deps: Deps, ctx: MoveContext): Promise<void> {
  try {
    await onHost(deps, ctx, 'instance.stop', { ...atSource(ctx), force: false, timeoutSeconds: SHUTDOWN_SECONDS });
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'task.failed') throw error;
    await onHost(deps, ctx, 'instance.stop', { ...atSource(ctx), force: true, timeoutSeconds: SHUTDOWN_SECONDS }, ctx.params.member, 'instance.stop by force');
  }
}

export const migrationSagas = (deps: Deps) => [liveSaga, coldSaga, restartSaga].map((saga) => defineSaga(saga(deps)));
