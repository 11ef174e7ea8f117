/** A profile's NICs reach every instance that has it: the network service is asked about each before the profile changes. */
import type { Devices, InstanceSpec, Meta } from '@weft/contracts';
import { expand } from '../domain/expansion';
import type { LiveInstance } from '../domain/instance.state';
import { nicsChanged } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import { findProfilesById, type Queryable } from '../queries/find-resources';
import { checkPorts } from './check-ports';

export interface ProfileContent {
  config: Record<string, string>;
  devices: Devices;
}

/** Checks under way at once. */
const AT_ONCE = 16;

/** Has the change to do with networks at all? */
export const changesNics = (id: string, before: ProfileContent, after: ProfileContent): boolean => nicsChanged({ id, ...before }, { id, ...after });

/**
 * @param before undefined for a new profile
 * @throws what the network service refuses, for the profile itself or for the first instance that it would not fit
 */
export async function checkProfilePorts(
  deps: Deps,
  meta: Meta,
  project: string,
  id: string,
  before: ProfileContent | undefined,
  after: ProfileContent,
): Promise<void> {
  if (!changesNics(id, before ?? { config: {}, devices: {} }, after)) return;
  await checkPorts(deps, { ...meta, project }, { id, name: '', type: 'container', config: after.config, devices: after.devices }, false);
  if (!before) return;
  const users = await usersOf(deps.pool, id, after);
  for (let at = 0; at < users.length; at += AT_ONCE)
    await Promise.all(users.slice(at, at + AT_ONCE).map((spec) => checkPorts(deps, { ...meta, project: spec.project }, spec, true)));
}

/** What the instances of a profile become with its new content. */
async function usersOf(db: Queryable, id: string, content: ProfileContent): Promise<InstanceSpec[]> {
  const { rows } = await db.query<{ spec: string; state: string }>(
    'SELECT i.spec, i.state FROM instance i JOIN instance_profile u ON u.instance_id = i.id WHERE u.profile_id = $1 ORDER BY i.id',
    [id],
  );
  const states = rows.map(({ spec, state }) => ({ spec: JSON.parse(spec) as InstanceSpec, state: JSON.parse(state) as LiveInstance }));
  const profiles = new Map((await findProfilesById(db, [...new Set(states.flatMap(({ state }) => state.profiles))])).map((one) => [one.id, one]));
  const found = (one: string) => (one === id ? [content] : (profiles.get(one) ?? []));
  return states.map(({ spec, state }) => ({ ...spec, ...expand(state.profiles.flatMap(found), state) }));
}
