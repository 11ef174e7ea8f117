/** Changes of an instance's configuration, and renames. */
import { WeftError, type InstanceEvent } from '@weft/contracts';
import { canonicalJson } from './canonical-json';
import { changedKeys, isLiveKey } from './config-keys';
import { free, placeOf } from './instance.decider';
import { checkInstanceName } from './instance-name';
import { writableOf, type InstanceState, type LiveInstance, type StringMap, type Writable } from './instance.state';

export interface Expanded {
  config: StringMap;
  devices: Record<string, StringMap>;
}

const isVolatile = ([key]: [string, string]): boolean => key.startsWith('volatile.');

/**
 * The stock client writes the source's whole configuration over a copy that it has refreshed, with who the source is: that is left out, as what one
 * instance is of itself says nothing of another.
 */
const isAnothers = (before: StringMap, wanted: StringMap): boolean => ![undefined, before['volatile.uuid']].includes(wanted['volatile.uuid']);

/** A PUT need not repeat what the platform keeps: volatile keys stay unless a new value is given. */
export function keepVolatile(before: StringMap, wanted: StringMap): StringMap {
  const given = isAnothers(before, wanted) ? Object.fromEntries(Object.entries(wanted).filter((entry) => !isVolatile(entry))) : wanted;
  const kept = Object.entries(before).filter((entry) => isVolatile(entry) && !(entry[0] in given));
  return { ...given, ...Object.fromEntries(kept) };
}

/** Of these, a client may set none: they say what the platform did. */
const OWNED = ['volatile.uuid', 'volatile.base_image', 'volatile.last_state.power', 'volatile.cloud-init.instance-id'];

export function checkOwnedKeys(before: StringMap, after: StringMap): void {
  const touched = OWNED.find((key) => after[key] !== undefined && after[key] !== before[key]);
  if (touched) throw new WeftError('config.invalid', `Configuration key ${touched} may not be changed: the platform sets it`);
}

/** Equal content gives no event. `lock` is the operation that must tell a running guest about it. */
export function updateInstance(state: InstanceState, after: Writable, lock: string | null): InstanceEvent[] {
  const instance = free(state);
  if (canonicalJson(writableOf(instance)) === canonicalJson(writableOf(after))) return [];
  const updated: InstanceEvent = { type: 'InstanceUpdated', data: { ...placeOf(instance), ...writableOf(after), operationId: lock } };
  if (!lock) return [updated];
  return [{ type: 'InstanceLocked', data: { ...placeOf(instance), operationId: lock, kind: 'update' } }, updated];
}

/** Does a running guest have to be told? Keys that are not live-updatable wait for the next start. */
export function needsLiveUpdate(instance: LiveInstance, before: Expanded, after: Expanded): boolean {
  if (instance.status !== 'running' && instance.status !== 'frozen') return false;
  const keys = changedKeys(before.config, after.config).filter((key) => key.startsWith('limits.') && isLiveKey(key));
  return keys.length > 0 || canonicalJson(before.devices) !== canonicalJson(after.devices);
}

export function renameInstance(state: InstanceState, operationId: string, newName: string): InstanceEvent[] {
  const instance = free(state);
  checkInstanceName(newName);
  if (instance.status !== 'stopped' && instance.status !== 'error') throw new WeftError('instance.wrong-status', 'Renaming of running instance not allowed');
  if (newName === instance.name) throw new WeftError('instance.exists', `Name "${newName}" already in use`);
  return [
    { type: 'InstanceLocked', data: { ...placeOf(instance), operationId, kind: 'rename' } },
    { type: 'InstanceRenamed', data: { ...placeOf(instance), name: newName, oldName: instance.name, operationId } },
  ];
}
