/** Tasks of moves between members; libs/contracts/src/migration.ts has the whole picture. */
import { WeftError, type AgentRequest, type TaskBody } from '@weft/contracts';
import type { Progress } from '../drivers/driver';
import type { LiveMover } from '../drivers/mover';
import { askAgent, fetchInstance, type TransferDeps } from './instance-transfer';
import { hintProof, isHintProof } from './hint-proof';

export interface MoveDeps extends TransferDeps {
  /** Where other members reach this one. */
  migrationAddress: string;
}

type Result = Record<string, unknown>;

/** Often enough for whoever looks on. */
const PROGRESS_EVERY_MS = 500;

function calmly(progress: Progress): Progress {
  let toldAt = -Infinity;
  return (stage, text) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = performance.now();
    progress(stage, text);
  };
}

/** A repeat of what is complete does nothing. */
export async function fetchTask(deps: MoveDeps, body: TaskBody<'instance.fetch'>, progress: Progress, interrupt: AbortSignal): Promise<Result> {
  const { instance, epoch, from, pass, bytesPerSecond } = body;
  const { instances, drivers } = deps;
  if ((await instances.state(instance.id)).created) return {};
  await instances.saveSpec(instance);
  await instances.admit(instance, epoch);
  progress('move_instance', pass === 'rest' ? 'Copying what changed meanwhile' : 'Copying the instance');
  await fetchInstance(deps, drivers.require(instance.type).mover, instance, { from, pass, bytesPerSecond, interrupt });
  if (pass === 'whole' || pass === 'rest') await instances.updateState(instance.id, { created: true });
  return {};
}

export async function prepareTargetTask(
  deps: MoveDeps,
  body: TaskBody<'migration.prepare-target'>,
  progress: Progress,
  interrupt: AbortSignal,
): Promise<Result> {
  const { instance, epoch, from, migrationId, abi, diskBytes, bytesPerSecond } = body;
  const { instances, drivers } = deps;
  if ((await instances.state(instance.id)).created) throw new WeftError('instance.exists', `Instance "${instance.name}" is on this host already`);
  await instances.saveSpec(instance);
  await instances.admit(instance, epoch);
  progress('move_instance', 'Preparing the target');
  const { mover } = drivers.require(instance.type);
  const order = { migrationId, epoch, abi, diskBytes, address: deps.migrationAddress };
  return live(mover.live).prepareTarget(instance, order, () => fetchInstance(deps, mover, instance, { from, pass: 'beside', bytesPerSecond, interrupt }));
}

type SourceTask = TaskBody<'migration.mirror'>;

async function sourceOrder(deps: MoveDeps, { instance, to, ...order }: SourceTask) {
  const { key } = await askAgent(deps.nc, to, 'migration.secret', { instanceId: instance.id, migrationId: order.migrationId });
  return { ...order, key: String(key) };
}

export async function mirrorTask(deps: MoveDeps, body: SourceTask, progress: Progress, interrupt: AbortSignal): Promise<Result> {
  await deps.instances.admit(body.instance, body.epoch);
  await live(deps.drivers.require(body.instance.type).mover.live).mirror(body.instance, await sourceOrder(deps, body), calmly(progress), interrupt);
  return {};
}

export async function memoryTask(deps: MoveDeps, body: SourceTask, progress: Progress, interrupt: AbortSignal): Promise<Result> {
  await deps.instances.admit(body.instance, body.epoch);
  await live(deps.drivers.require(body.instance.type).mover.live).memory(body.instance, await sourceOrder(deps, body), calmly(progress), interrupt);
  return {};
}

export async function switchoverTask(deps: MoveDeps, body: SourceTask, progress: Progress, interrupt: AbortSignal): Promise<Result> {
  const { instance, to, migrationId } = body;
  await deps.instances.admit(instance, body.epoch);
  // Asked for before the guest is paused. What does not answer now may have answered a run of this task before.
  const order = await sourceOrder(deps, body).catch(() => ({ ...body, key: '' }));
  const go = async (): Promise<void> => {
    const said = { instanceId: instance.id, migrationId, proof: hintProof(order.key, migrationId) };
    await askAgent(deps.nc, to, 'migration.go', said).catch((error: unknown) =>
      deps.logger.info({ err: error, instanceId: instance.id }, 'the target has not taken the hint to begin: the order follows'),
    );
  };
  return live(deps.drivers.require(instance.type).mover.live).switchover(instance, order, calmly(progress), interrupt, go);
}

export async function settleTask(deps: MoveDeps, body: TaskBody<'migration.settle'>): Promise<Result> {
  const { instance } = body;
  if (!(await deps.instances.state(instance.id)).created) return { outcome: 'gone' };
  return { outcome: await live(deps.drivers.require(instance.type).mover.live).settle(instance, body) };
}

export async function confirmTargetTask(deps: MoveDeps, body: TaskBody<'migration.confirm-target'>): Promise<Result> {
  const { instance } = body;
  await live(deps.drivers.require(instance.type).mover.live).confirmTarget(instance.id, body);
  await deps.instances.updateState(instance.id, { created: true, lastStatus: 'running' });
  return {};
}

export async function discardTargetTask(deps: MoveDeps, body: TaskBody<'migration.discard-target'>): Promise<Result> {
  const { instance } = body;
  const running = await live(deps.drivers.require(instance.type).mover.live).discardTarget(instance.id, body);
  if (!running) await deps.instances.remove(instance.id);
  return { running };
}

/** The source's hint to begin: what it leads to, the order to confirm would lead to a little later. */
export async function takeHint(deps: MoveDeps, { instanceId, migrationId, proof }: AgentRequest<'migration.go'>): Promise<object> {
  const spec = await deps.instances.spec(instanceId);
  if (!spec) throw new WeftError('instance.not-found', 'The instance is not on this host');
  const mover = live(deps.drivers.require(spec.type).mover.live);
  if (!isHintProof(await mover.secret(instanceId, migrationId), migrationId, proof)) throw new WeftError('auth.forbidden', 'not authorized');
  await mover.begin(instanceId, { migrationId });
  return {};
}

function live(mover: LiveMover | undefined): LiveMover {
  if (!mover) throw new WeftError('request.unsupported', 'This host cannot move such instances while they run');
  return mover;
}
