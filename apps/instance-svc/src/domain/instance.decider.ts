/** What may be done to an instance, and what it becomes: pure. Facts, ids and the time come with the command. */
import { WeftError, type InstanceEvent, type LockKind } from '@weft/contracts';
import { isTrue } from './config-values';
import { statefulStart } from './stateful.rules';
import { isLive, type InstanceState, type LiveInstance } from './instance.state';

/** The instance, or `instance.not-found`. */
export function existing(state: InstanceState): LiveInstance {
  if (!isLive(state)) throw new WeftError('instance.not-found', 'Instance not found');
  return state;
}

const BUSY_WORD: Partial<Record<LockKind, string>> = { 'snapshot-delete': 'delete snapshot' };

/** The instance, or `instance.busy` when another operation holds it. */
export function free(state: InstanceState): LiveInstance {
  const instance = existing(state);
  if (instance.lock) {
    const { kind } = instance.lock;
    throw new WeftError('instance.busy', `Instance is busy running a ${BUSY_WORD[kind] ?? kind} operation`);
  }
  return instance;
}

export const placeOf = ({ id, project, name }: Pick<LiveInstance, 'id' | 'project' | 'name'>) => ({ id, project, name });

const refuse = (message: string): never => {
  throw new WeftError('instance.wrong-status', message);
};

/** @param stateful go on with what a stateful stop has kept, which must be there */
export function startInstance(state: InstanceState, operationId: string, stateful = false): InstanceEvent[] {
  const instance = free(state);
  if (instance.status === 'running') refuse('The instance is already running');
  if (instance.status === 'frozen') refuse('The instance is frozen: unfreeze it');
  if (stateful) statefulStart(instance);
  return [{ type: 'InstanceStarting', data: { ...placeOf(instance), operationId, epoch: instance.epoch + 1 } }];
}

/** A forced stop is how a person ends a start or a stop that hangs: it takes the lock over. */
export function stopInstance(state: InstanceState, operationId: string, force: boolean): InstanceEvent[] {
  const current = existing(state);
  const takesOver = force && (current.lock?.kind === 'stop' || current.lock?.kind === 'restart');
  const instance = takesOver ? current : free(state);
  if (instance.status === 'stopped') refuse('The instance is already stopped');
  return [{ type: 'InstanceStopping', data: { ...placeOf(instance), operationId } }];
}

export function restartInstance(state: InstanceState, operationId: string): InstanceEvent[] {
  const instance = free(state);
  if (instance.status !== 'running' && instance.status !== 'frozen') refuse('The instance is not running');
  return [{ type: 'InstanceRestarting', data: { ...placeOf(instance), operationId, epoch: instance.epoch + 1 } }];
}

export function freezeInstance(state: InstanceState, operationId: string): InstanceEvent[] {
  const instance = free(state);
  if (instance.status === 'frozen') refuse('The instance is already frozen');
  if (instance.status !== 'running') refuse('The instance is not running');
  return [{ type: 'InstanceFreezing', data: { ...placeOf(instance), operationId } }];
}

export function unfreezeInstance(state: InstanceState, operationId: string): InstanceEvent[] {
  const instance = free(state);
  if (instance.status === 'running') refuse('The instance is already running');
  if (instance.status !== 'frozen') refuse('The instance is not frozen');
  return [{ type: 'InstanceUnfreezing', data: { ...placeOf(instance), operationId } }];
}

export function deleteInstance(state: InstanceState, operationId: string): InstanceEvent[] {
  const instance = free(state);
  if (isTrue(instance.config['security.protection.delete'])) throw new WeftError('instance.protected', 'Instance is protected');
  if (instance.retainedBy.length > 0) throw new WeftError('instance.busy', 'Instance is busy running a copy operation');
  if (instance.status === 'running' || instance.status === 'frozen') refuse('Instance is running');
  return [{ type: 'InstanceDeleting', data: { ...placeOf(instance), operationId } }];
}

/** Only whoever holds the lock may end the work: an answer that comes late changes nothing. */
export const holds = (state: InstanceState, operationId: string): state is LiveInstance => isLive(state) && state.lock?.operationId === operationId;

/** Events of an operation's end, for the instance that the operation still holds; none otherwise. */
export function finish(state: InstanceState, operationId: string, events: (instance: LiveInstance) => InstanceEvent[]): InstanceEvent[] {
  return holds(state, operationId) ? events(state) : [];
}

/** What `exec` and `console` need: a guest that runs. */
export function running(state: Pick<LiveInstance, 'status'>): void {
  if (state.status === 'frozen') refuse('Instance is frozen');
  if (state.status !== 'running') refuse('Instance is not running');
}
