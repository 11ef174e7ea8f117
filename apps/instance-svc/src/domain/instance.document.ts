/** LXD's JSON of instances and snapshots, in LXD's field order (recorded from LXD 5.0.2). Pure. */
import { STATUS_CODE, type InstanceSpec, type SnapshotContent } from '@weft/contracts';
import { etagOf, sortedMap, sortedMaps } from './etag';
import { expand } from './expansion';
import type { LiveInstance, LiveStatus } from './instance.state';
import type { ProfileFacts } from './resource-facts';

const NEVER = '1970-01-01T00:00:00Z';
/** Go's zero time: what LXD shows for a snapshot that does not expire. */
const NO_EXPIRY = '0001-01-01T00:00:00Z';

const LXD_STATUS: Record<LiveStatus, 'Stopped' | 'Starting' | 'Running' | 'Stopping' | 'Freezing' | 'Frozen' | 'Error'> = {
  creating: 'Stopped',
  stopped: 'Stopped',
  starting: 'Starting',
  running: 'Running',
  stopping: 'Stopping',
  freezing: 'Freezing',
  frozen: 'Frozen',
  unfreezing: 'Frozen',
  deleting: 'Stopped',
  error: 'Error',
};

export function lxdStatus(status: LiveStatus): { text: string; code: number } {
  const text = LXD_STATUS[status];
  return { text, code: STATUS_CODE[text] };
}

export type ProfileLookup = ReadonlyMap<string, ProfileFacts>;

const pick = (profiles: ProfileLookup, ids: readonly string[]): ProfileFacts[] => ids.flatMap((id) => profiles.get(id) ?? []);

/** What a driver is told: everything expanded. */
export function instanceSpec(instance: LiveInstance, profiles: ProfileLookup): InstanceSpec {
  const { id, project, name, type, architecture, ephemeral, imageFingerprint } = instance;
  return { id, project, name, type, architecture, ephemeral, imageFingerprint, ...expand(pick(profiles, instance.profiles), instance) };
}

/** `GET /1.0/instances/<name>`. */
export function instanceDocument(instance: LiveInstance, profiles: ProfileLookup): Record<string, unknown> {
  const used = pick(profiles, instance.profiles);
  const expanded = expand(used, instance);
  const { text, code } = lxdStatus(instance.status);
  return {
    architecture: instance.architecture,
    config: sortedMap(instance.config),
    devices: sortedMaps(instance.devices),
    ephemeral: instance.ephemeral,
    profiles: used.map((profile) => profile.name),
    stateful: instance.stateful ?? false,
    description: instance.description,
    created_at: instance.createdAt,
    expanded_config: sortedMap(expanded.config),
    expanded_devices: sortedMaps(expanded.devices),
    name: instance.name,
    status: text,
    status_code: code,
    last_used_at: instance.lastUsedAt ?? NEVER,
    location: instance.member,
    type: instance.type,
    project: instance.project,
  };
}

/** `GET /1.0/instances/<name>/snapshots/<snapshot>`, and an element of the instance's `snapshots`. */
export function snapshotDocument(snapshot: SnapshotContent, profiles: ProfileLookup): Record<string, unknown> {
  const used = pick(profiles, snapshot.profiles);
  const expanded = expand(used, snapshot);
  return {
    expires_at: snapshot.expiresAt ?? NO_EXPIRY,
    architecture: snapshot.architecture,
    config: sortedMap(snapshot.config),
    created_at: snapshot.createdAt,
    devices: sortedMaps(snapshot.devices),
    ephemeral: snapshot.ephemeral,
    expanded_config: sortedMap(expanded.config),
    expanded_devices: sortedMaps(expanded.devices),
    last_used_at: NEVER,
    name: snapshot.name,
    profiles: used.map((profile) => profile.name),
    stateful: snapshot.stateful,
    size: -1,
  };
}

/** LXD's fields: architecture, local configuration and devices, ephemeral, profile names. */
export const instanceEtag = (instance: LiveInstance, profileNames: readonly string[]): string =>
  etagOf([instance.architecture, sortedMap(instance.config), sortedMaps(instance.devices), instance.ephemeral, profileNames]);

export const snapshotEtag = (snapshot: SnapshotContent): string => etagOf([snapshot.expiresAt ?? NO_EXPIRY]);
