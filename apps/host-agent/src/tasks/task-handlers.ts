/** What each kind of task does. Every handler may run again after a kill -9 in its middle. */
import { WeftError, type InstanceSpec, type TaskBody } from '@weft/contracts';
import type { Driver, Progress } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';
import { inStep } from '../files/in-step';
import type { HostImages } from '../images/host-images';
import type { ImageTransfer } from '../images/image-transfer';
import type { InstanceStore } from '../instances/instance-store';
import type { HostNetwork } from '../network/host-network';
import { Hurried } from './interruption';
import {
  confirmTargetTask,
  discardTargetTask,
  fetchTask,
  memoryTask,
  mirrorTask,
  prepareTargetTask,
  settleTask,
  switchoverTask,
  type MoveDeps,
} from '../migration/move-tasks';
import { handOverTask, receiveTask } from '../migration/handover-tasks';
import type { HostTask } from './task';

export interface TaskDeps {
  drivers: DriverRegistry;
  instances: InstanceStore;
  moves: MoveDeps;
  images: HostImages;
  transfer: ImageTransfer;
  /** Unset: guests have no network devices here. */
  network?: Pick<HostNetwork, 'connected'> | undefined;
}

type Result = Record<string, unknown>;

export async function handleTask(deps: TaskDeps, task: HostTask, progress: Progress, interrupt: AbortSignal): Promise<Result> {
  const { drivers, images } = deps;
  switch (task.kind) {
    case 'instance.create':
      return create(deps, task.body, progress);
    case 'instance.delete':
      return remove(deps, task.body);
    case 'instance.start':
    case 'instance.stop':
    case 'instance.freeze':
    case 'instance.unfreeze':
    case 'instance.update':
      return changeRunState(deps, task, interrupt);
    case 'instance.rename':
      await drivers.require(task.body.instance.type).rename(task.body.instance, task.body.oldName);
      await deps.instances.saveSpec(task.body.instance);
      return {};
    case 'snapshot.create':
      await drivers.require(task.body.instance.type).createSnapshot(task.body.instance, task.body.snapshotId, { stateful: task.body.stateful });
      return {};
    case 'snapshot.delete':
      await drivers.require(task.body.type).deleteSnapshot(task.body.instanceId, task.body.snapshotId);
      return {};
    case 'snapshot.restore':
      return restore(deps, task.body);
    case 'image.commit':
      await images.commit(task.body.uploadId, task.body.fingerprint);
      return { fingerprint: task.body.fingerprint };
    case 'image.delete':
      await images.delete(task.body.fingerprint);
      return {};
    case 'image.fetch':
      await deps.transfer.fetch(task.body.fingerprint, task.body.from, progress);
      return { fingerprint: task.body.fingerprint };
    case 'instance.fetch':
      return fetchTask(deps.moves, task.body, progress, interrupt);
    case 'instance.hand-over':
      return handOverTask(deps.moves, task.body, progress, interrupt);
    case 'instance.receive':
      return { ...(await receiveTask(deps.moves, task.body, progress, interrupt)) };
    case 'migration.prepare-target':
      return prepareTargetTask(deps.moves, task.body, progress, interrupt);
    case 'migration.mirror':
      return mirrorTask(deps.moves, task.body, progress, interrupt);
    case 'migration.memory':
      return memoryTask(deps.moves, task.body, progress, interrupt);
    case 'migration.switchover':
      return switchoverTask(deps.moves, task.body, progress, interrupt);
    case 'migration.settle':
      return settleTask(deps.moves, task.body);
    case 'migration.confirm-target':
      return confirmTargetTask(deps.moves, task.body);
    case 'migration.discard-target':
      return discardTargetTask(deps.moves, task.body);
  }
}

async function create({ drivers, instances }: TaskDeps, body: TaskBody<'instance.create'>, progress: Progress): Promise<Result> {
  const { instance } = body;
  const driver = drivers.require(instance.type);
  const before = await instances.state(instance.id);
  try {
    await instances.saveSpec(instance);
    await driver.create(instance, body.source, body.snapshots, progress);
  } catch (error) {
    // A refused create leaves nothing behind, but a repeat must never remove what an earlier one completed.
    if (!before.created) {
      await driver.delete(instance.id);
      await instances.remove(instance.id);
    }
    throw error;
  }
  await instances.updateState(instance.id, { created: true });
  return {};
}

async function remove({ drivers, instances, images }: TaskDeps, body: TaskBody<'instance.delete'>): Promise<Result> {
  const spec = await instances.spec(body.instanceId);
  await instances.remove(body.instanceId, () => drivers.require(body.type).delete(body.instanceId));
  if (spec) await images.release(spec.imageFingerprint);
  return {};
}

type RunStateTask = Extract<HostTask, { kind: 'instance.start' | 'instance.stop' | 'instance.freeze' | 'instance.unfreeze' | 'instance.update' }>;

async function changeRunState({ drivers, instances, network }: TaskDeps, task: RunStateTask, interrupt: AbortSignal): Promise<Result> {
  const { instance, epoch } = task.body;
  const driver = drivers.require(instance.type);
  // What is not here does not run.
  if (task.kind === 'instance.stop' && !(await instances.state(instance.id)).created) return {};
  await requireCreated(instances, instance);
  await instances.admit(instance, epoch);
  // A guest that runs takes a change while the disk takes it: whichever comes first, a repeat does both again.
  if (task.kind === 'instance.update') return inStep([instances.saveSpec(instance), update(driver, instance, network)]).then(() => ({}));
  await instances.saveSpec(instance);
  switch (task.kind) {
    case 'instance.start':
      await driver.start(instance, epoch, { stateless: task.body.stateless });
      await network?.connected(instance.id);
      await instances.updateState(instance.id, { lastStatus: 'running' });
      return { pid: (await driver.inspect(instance.id)).pid ?? 0 };
    case 'instance.stop':
      await stop(driver, task.body, interrupt);
      return {};
    case 'instance.freeze':
      await driver.freeze(instance);
      return {};
    case 'instance.unfreeze':
      await driver.unfreeze(instance);
      return {};
  }
}

async function update(driver: Driver, instance: InstanceSpec, network: TaskDeps['network']): Promise<void> {
  if ((await driver.inspect(instance.id)).status === 'stopped') return;
  await driver.update(instance);
  await network?.connected(instance.id);
}

/** A guest that takes its time is killed when an order with force comes meanwhile: so both orders are carried out. */
async function stop(driver: Driver, { instance, force, stateful, timeoutSeconds }: TaskBody<'instance.stop'>, interrupt: AbortSignal): Promise<void> {
  try {
    await driver.stop(instance, { force, stateful, timeoutSeconds, interrupt });
  } catch (error) {
    if (!(error instanceof Hurried)) throw error;
    await driver.stop(instance, { force: true, timeoutSeconds });
  }
}

async function restore({ drivers }: TaskDeps, body: TaskBody<'snapshot.restore'>): Promise<Result> {
  const driver = drivers.require(body.instance.type);
  const { status } = await driver.inspect(body.instance.id);
  if (status === 'running' || status === 'frozen')
    throw new WeftError('instance.wrong-status', `Instance "${body.instance.name}" is running: stop it before its root is replaced`);
  await driver.restoreSnapshot(body.instance, body.snapshotId, { stateful: body.stateful });
  return {};
}

async function requireCreated(instances: InstanceStore, spec: InstanceSpec): Promise<void> {
  if (!(await instances.state(spec.id)).created) throw new WeftError('instance.not-found', `Instance "${spec.name}" is not on this host`);
}
