/** An instance that goes to another server, and the snapshots of one that has come: pure. */
import { WeftError, type InstanceEvent, type TravellingSnapshot } from '@weft/contracts';
import { free, placeOf } from './instance.decider';
import type { InstanceState, LiveInstance } from './instance.state';
import { findSnapshot } from './snapshot.decider';

/** The stock client asks for a live move of whatever runs; its user says `--stateless` to do without. */
const NO_CRIU = "Unable to perform container live migration. CRIU isn't installed on the source server";
const NO_LIVE = 'A virtual machine cannot move to another server while it runs yet: stop it first, or use --stateless';

/** @param snapshot name of the one that goes in the instance's place, "" for the instance */
export function handOver(state: InstanceState, operationId: string, { live, snapshot }: { live: boolean; snapshot: string }): InstanceEvent[] {
  const instance = free(state);
  if (instance.retainedBy.length > 0) throw new WeftError('instance.busy', 'Instance is busy running a copy operation');
  if (snapshot !== '') findSnapshot(instance, snapshot);
  else if (instance.status === 'error') throw new WeftError('instance.wrong-status', 'The instance is in an error state');
  else if (instance.status !== 'stopped' && live) throw new WeftError('instance.wrong-status', instance.type === 'container' ? NO_CRIU : NO_LIVE);
  else if (instance.stateful)
    throw new WeftError('instance.wrong-status', 'The instance has kept what was in its memory, which cannot go to another server: start it and stop it first');
  return [{ type: 'InstanceLocked', data: { ...placeOf(instance), operationId, kind: 'migrate' } }];
}

/** For what replaces its disk and snapshots. */
export function lockForRefresh(state: InstanceState, operationId: string): InstanceEvent[] {
  const instance = free(state);
  if (instance.retainedBy.length > 0) throw new WeftError('instance.busy', 'Instance is busy running a copy operation');
  if (instance.status !== 'stopped') throw new WeftError('instance.wrong-status', 'Cannot refresh a running instance');
  if (instance.stateful)
    throw new WeftError('instance.wrong-status', 'The instance has kept what was in its memory, which its new disk would not fit: start it and stop it first');
  return [{ type: 'InstanceLocked', data: { ...placeOf(instance), operationId, kind: 'migrate' } }];
}

/** The snapshots that have come before stay, those that did not come any more are gone. */
export function refreshed(instance: LiveInstance, operationId: string, came: readonly TravellingSnapshot[]): InstanceEvent[] {
  const gone = instance.snapshots.filter(({ id }) => !came.some((one) => one.id === id));
  const added = came.filter(({ id }) => !instance.snapshots.some((one) => one.id === id));
  return [
    ...gone.map(({ id, name }): InstanceEvent => ({
      type: 'SnapshotDeleted',
      data: { ...placeOf(instance), operationId, snapshotId: id, snapshotName: name },
    })),
    ...added.map((snapshot) => arrivedSnapshot(instance, operationId, snapshot)),
  ];
}

/** What its snapshots are, besides their files. Those of an instance go along with it, not with one of them. */
export const travelling = (instance: LiveInstance, { instanceOnly, snapshot }: { instanceOnly: boolean; snapshot: string }): TravellingSnapshot[] =>
  instanceOnly || snapshot !== '' ? [] : instance.snapshots.map(({ profiles: _theirs, ...rest }) => rest);

/** A snapshot with the profiles that the instance has here, and with its identities. */
export function arrivedSnapshot(instance: LiveInstance, operationId: string, came: TravellingSnapshot): InstanceEvent {
  const isVolatile = ([key]: [string, string]): boolean => key.startsWith('volatile.');
  const config = Object.fromEntries([
    ...Object.entries(came.config).filter((entry) => !isVolatile(entry)),
    ...Object.entries(instance.config).filter(isVolatile),
  ]);
  return { type: 'SnapshotCreated', data: { ...placeOf(instance), operationId, snapshot: { ...came, config, profiles: instance.profiles } } };
}
