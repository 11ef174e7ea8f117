import { WeftError, type InstanceEvent, type SnapshotContent } from '@weft/contracts';
import { free, placeOf } from './instance.decider';
import type { InstanceState, LiveInstance } from './instance.state';

const MAX_SNAPSHOT_NAME = 255;

export function checkSnapshotName(name: string): void {
  const problem = /[/\s]/.test(name)
    ? 'it may not contain slashes or blanks'
    : name.length > MAX_SNAPSHOT_NAME
      ? `it may not be longer than ${MAX_SNAPSHOT_NAME} characters`
      : /\p{Cc}/u.test(name) || name === '.' || name === '..'
        ? 'it may not contain control characters or be "." or ".."'
        : undefined;
  if (problem) throw new WeftError('request.invalid', `Invalid snapshot name "${name}": ${problem}`);
}

export function findSnapshot(instance: LiveInstance, name: string): SnapshotContent {
  const found = instance.snapshots.find((one) => one.name === name);
  if (!found) throw new WeftError('snapshot.not-found', `Snapshot ${instance.name}/${name} does not exist`);
  return found;
}

function assertNameFree(instance: LiveInstance, name: string): void {
  if (instance.snapshots.some((one) => one.name === name)) throw new WeftError('snapshot.exists', `Snapshot "${instance.name}/${name}" already exists`);
}

/** The name that LXD's default pattern gives: `snap` and the next number. */
export function nextSnapshotName(instance: LiveInstance, pattern: string): string {
  const template = pattern.includes('%d') ? pattern : `${pattern}-%d`;
  if (!pattern.includes('%d') && !instance.snapshots.some((one) => one.name === pattern)) return pattern;
  const [before = '', after = ''] = template.split('%d');
  const numbers = instance.snapshots
    .filter((one) => one.name.startsWith(before) && one.name.endsWith(after))
    .map((one) => Number(one.name.slice(before.length, one.name.length - after.length)))
    .filter((number) => Number.isInteger(number));
  return `${before}${Math.max(-1, ...numbers) + 1}${after}`;
}

export interface CreateSnapshot {
  operationId: string;
  snapshotId: string;
  name: string;
  stateful: boolean;
  expiresAt: string | null;
}

export function lockForSnapshot(state: InstanceState, command: Pick<CreateSnapshot, 'operationId' | 'name' | 'stateful'>): InstanceEvent[] {
  const instance = free(state);
  checkSnapshotName(command.name);
  assertNameFree(instance, command.name);
  if (instance.status === 'error') throw new WeftError('instance.wrong-status', 'The instance is in an error state');
  return [{ type: 'InstanceLocked', data: { ...placeOf(instance), operationId: command.operationId, kind: 'snapshot' } }];
}

/** The snapshot froze what the instance is now: while the lock is held, that cannot change. */
export function snapshotTaken(instance: LiveInstance, command: CreateSnapshot, now: Date): InstanceEvent[] {
  const snapshot: SnapshotContent = {
    id: command.snapshotId,
    name: command.name,
    createdAt: now.toISOString(),
    expiresAt: command.expiresAt,
    stateful: command.stateful,
    architecture: instance.architecture,
    config: instance.config,
    devices: instance.devices,
    ephemeral: instance.ephemeral,
    profiles: instance.profiles,
  };
  return [{ type: 'SnapshotCreated', data: { ...placeOf(instance), operationId: command.operationId, snapshot } }];
}

export function lockForSnapshotDelete(state: InstanceState, operationId: string, name: string): InstanceEvent[] {
  const instance = free(state);
  findSnapshot(instance, name);
  if (instance.retainedBy.length > 0) throw new WeftError('instance.busy', 'Instance is busy running a copy operation');
  return [{ type: 'InstanceLocked', data: { ...placeOf(instance), operationId, kind: 'snapshot-delete' } }];
}

export function renameSnapshot(state: InstanceState, name: string, newName: string): InstanceEvent[] {
  const instance = free(state);
  const snapshot = findSnapshot(instance, name);
  checkSnapshotName(newName);
  if (newName === '') throw new WeftError('request.invalid', 'No name provided');
  assertNameFree(instance, newName);
  return [{ type: 'SnapshotRenamed', data: { ...placeOf(instance), snapshotId: snapshot.id, oldName: name, snapshotName: newName } }];
}

export function updateSnapshot(state: InstanceState, name: string, expiresAt: string | null): InstanceEvent[] {
  const instance = free(state);
  const snapshot = findSnapshot(instance, name);
  if (snapshot.expiresAt === expiresAt) return [];
  return [{ type: 'SnapshotUpdated', data: { ...placeOf(instance), snapshotId: snapshot.id, snapshotName: name, expiresAt } }];
}

export function lockForRestore(state: InstanceState, operationId: string, name: string): InstanceEvent[] {
  const instance = free(state);
  findSnapshot(instance, name);
  if (instance.retainedBy.length > 0) throw new WeftError('instance.busy', 'Instance is busy running a copy operation');
  return [{ type: 'InstanceLocked', data: { ...placeOf(instance), operationId, kind: 'restore' } }];
}

/** Volatile keys that say what the instance is, not what it was: a restore keeps them. */
const KEPT_ON_RESTORE = ['volatile.uuid', 'volatile.last_state.power'];

export function restored(instance: LiveInstance, operationId: string, snapshot: SnapshotContent): InstanceEvent[] {
  const kept = Object.fromEntries(KEPT_ON_RESTORE.flatMap((key) => (instance.config[key] === undefined ? [] : [[key, instance.config[key]]])));
  const { architecture, config, devices, ephemeral, profiles, name } = snapshot;
  return [
    {
      type: 'InstanceRestored',
      data: {
        ...placeOf(instance),
        operationId,
        architecture,
        description: instance.description,
        devices,
        ephemeral,
        profiles,
        snapshotName: name,
        config: { ...config, ...kept },
      },
    },
  ];
}
