/**
 *                    InstanceProvisioned            InstanceStarting            InstanceStarted
 *   (none) --> creating ---------> stopped ----------> starting ----------------------> running <--> freezing/frozen
 *                 |                 ^  |  ^               | InstanceActionFailed           |
 *                 | undone          |  |  +---------------+                                |
 *                 v                 |  | InstanceDeleting      InstanceStopped             |
 *              deleted <-- deleting-+--+         ^------------------ stopping <------------+
 *
 * A status that ends in -ing is held by one operation: `lock` names it. Work without a status of its own (snapshot,
 * restore, rename, update) holds the lock too. `retainedBy` is shared: copies read the disk side by side.
 */
import type { InstanceEvent, InstanceType, LockKind, SnapshotContent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export type StringMap = Record<string, string>;
export type Devices = Record<string, StringMap>;

export interface InstanceFacts {
  id: string;
  project: string;
  name: string;
  type: InstanceType;
  member: string;
  imageFingerprint: string;
  createdAt: string;
  /** ISO 8601 of the last start, `null` before the first. */
  lastUsedAt: string | null;
  architecture: string;
  ephemeral: boolean;
  description: string;
  /** Local configuration with volatile keys; expanded by profiles only when rendered. */
  config: StringMap;
  devices: Devices;
  /** Profile ids, in order. */
  profiles: string[];
  /** Of the last start that was ordered; 0 before the first. */
  epoch: number;
  snapshots: SnapshotContent[];
  lock: { operationId: string; kind: LockKind } | null;
  retainedBy: string[];
  /** Stopped with its memory kept: the next start goes on there. Unset before there was such a thing. */
  stateful?: boolean;
}

export type LiveStatus = 'creating' | 'stopped' | 'starting' | 'running' | 'stopping' | 'freezing' | 'frozen' | 'unfreezing' | 'deleting' | 'error';
export type LiveInstance = InstanceFacts & { status: LiveStatus };
export type InstanceState = { status: 'none' } | { status: 'deleted'; id: string } | LiveInstance;

/** LXD's key for the member that an instance was evacuated from. */
export const ORIGIN_KEY = 'volatile.evacuate.origin';

export const instanceStream = (id: string): string => `instance-${id}`;

export const isLive = (state: InstanceState): state is LiveInstance => state.status !== 'none' && state.status !== 'deleted';

export const instanceFold: Fold<InstanceState, InstanceEvent> = { initial: { status: 'none' }, evolve };

function evolve(state: InstanceState, event: InstanceEvent): InstanceState {
  if (event.type === 'InstanceCreated') return created(event.data);
  if (!isLive(state)) return state;
  if (event.type === 'InstanceDeleted') return { status: 'deleted', id: state.id };
  return changed(state, event);
}

function created(data: Extract<InstanceEvent, { type: 'InstanceCreated' }>['data']): LiveInstance {
  const { operationId, copiedFrom: _audit, ...facts } = data;
  return { ...facts, status: 'creating', lastUsedAt: null, epoch: 0, lock: { operationId, kind: 'create' }, retainedBy: [] };
}

const held = (operationId: string, kind: LockKind) => ({ lock: { operationId, kind } });
function withOrigin(config: StringMap, origin: string | undefined): StringMap {
  if (origin === undefined) return config;
  const { [ORIGIN_KEY]: _before, ...rest } = config;
  return origin === '' ? rest : { ...rest, [ORIGIN_KEY]: origin };
}
const power = (state: LiveInstance, value: 'RUNNING' | 'STOPPED') => ({ config: { ...state.config, 'volatile.last_state.power': value } });

function changed(state: LiveInstance, event: Exclude<InstanceEvent, { type: 'InstanceCreated' | 'InstanceDeleted' }>): LiveInstance {
  switch (event.type) {
    case 'InstanceProvisioned':
      return { ...state, status: 'stopped', lock: null };
    case 'InstanceStarting':
      return { ...state, status: 'starting', epoch: event.data.epoch, ...held(event.data.operationId, 'start') };
    case 'InstanceStarted':
    case 'InstanceRestarted':
      return { ...state, ...power(state, 'RUNNING'), status: 'running', lastUsedAt: event.data.at, lock: null, stateful: false };
    case 'InstanceStopping':
      return { ...state, status: 'stopping', ...held(event.data.operationId, 'stop') };
    case 'InstanceRestarting':
      return { ...state, status: 'stopping', epoch: event.data.epoch, ...held(event.data.operationId, 'restart') };
    case 'InstanceStopped':
      // What the end or the evacuation of its host stopped counts as running: that is what brings it back with the host.
      return {
        ...state,
        ...(event.data.reason === 'host' || event.data.reason === 'evacuated' ? {} : power(state, 'STOPPED')),
        status: 'stopped',
        lock: null,
        stateful: event.data.stateful ?? false,
      };
    case 'InstanceFreezing':
      return { ...state, status: 'freezing', ...held(event.data.operationId, 'freeze') };
    case 'InstanceFrozen':
      return { ...state, status: 'frozen', lock: null };
    case 'InstanceUnfreezing':
      return { ...state, status: 'unfreezing', ...held(event.data.operationId, 'unfreeze') };
    case 'InstanceUnfrozen':
      return { ...state, status: 'running', lock: null };
    case 'InstanceActionFailed':
      // What could not be started is not tried again by itself.
      return {
        ...state,
        ...(event.data.status === 'stopped' && state.status === 'starting' ? power(state, 'STOPPED') : {}),
        status: event.data.status,
        lock: null,
      };
    case 'InstanceLocked':
      return { ...state, ...held(event.data.operationId, event.data.kind) };
    case 'InstanceUnlocked':
      return { ...state, lock: null };
    case 'InstanceRetained':
      return { ...state, retainedBy: [...state.retainedBy, event.data.operationId] };
    case 'InstanceReleased':
      return { ...state, retainedBy: state.retainedBy.filter((id) => id !== event.data.operationId) };
    case 'InstanceUpdated':
    case 'InstanceRestored':
      return { ...state, ...writableOf(event.data), ...(event.type === 'InstanceRestored' ? { lock: null, stateful: false } : {}) };
    case 'InstanceMoved':
      return { ...state, member: event.data.member, epoch: event.data.epoch, config: withOrigin(state.config, event.data.origin) };
    case 'InstanceRenamed':
      return { ...state, name: event.data.name };
    case 'InstanceDeleting':
      return { ...state, status: 'deleting', ...held(event.data.operationId, 'delete') };
    case 'SnapshotCreated':
      return { ...state, snapshots: [...state.snapshots, event.data.snapshot], lock: null };
    case 'SnapshotUpdated':
      return withSnapshot(state, event.data.snapshotId, { expiresAt: event.data.expiresAt });
    case 'SnapshotRenamed':
      return withSnapshot(state, event.data.snapshotId, { name: event.data.snapshotName });
    case 'SnapshotDeleted':
      return { ...state, snapshots: state.snapshots.filter((one) => one.id !== event.data.snapshotId), lock: null };
    default:
      return event satisfies never;
  }
}

const withSnapshot = (state: LiveInstance, id: string, change: Partial<SnapshotContent>): LiveInstance => ({
  ...state,
  snapshots: state.snapshots.map((one) => (one.id === id ? { ...one, ...change } : one)),
});

export type Writable = Pick<InstanceFacts, 'architecture' | 'ephemeral' | 'description' | 'config' | 'devices' | 'profiles'>;

export const writableOf = ({ architecture, ephemeral, description, config, devices, profiles }: Writable): Writable => ({
  architecture,
  ephemeral,
  description,
  config,
  devices,
  profiles,
});
