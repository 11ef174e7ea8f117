/**
 * Instances and their snapshots as rows with ready JSON. The row keeps the folded state, so a row is always what the
 * domain's own fold makes of the events. When a profile changes, every instance that uses it is rendered again here,
 * in the same transaction.
 */
import type { ClientBase } from 'pg';
import { instanceEvents, type InstanceEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { instanceFold, isLive, type InstanceState, type LiveInstance } from '../domain/instance.state';
import { findProfilesById } from '../queries/find-resources';
import { writeInstances, writeProfileUse, writeSnapshots } from './instance.rows';

const PROFILE_EVENTS = ['ProfileUpdated', 'ProfileRenamed'];

export const instanceProjection: InlineProjection = {
  name: 'instance',
  tables: ['instance', 'instance_profile', 'snapshot'],
  handles: [...Object.keys(instanceEvents), ...PROFILE_EVENTS],
  async project(events, client) {
    const own = events.filter((event) => !PROFILE_EVENTS.includes(event.type)) as readonly (ProjectedEvent & InstanceEvent)[];
    const changedProfiles = events.filter((event) => PROFILE_EVENTS.includes(event.type)).map((event) => (event.data as { id: string }).id);
    const states = await statesBefore(client, own, changedProfiles);
    for (const event of own) states.set(event.data.id, instanceFold.evolve(states.get(event.data.id) ?? instanceFold.initial, event));
    await remove(client, states);
    await write(client, [...states.values()].filter(isLive), own);
  },
};

async function statesBefore(client: ClientBase, own: readonly InstanceEvent[], changedProfiles: readonly string[]): Promise<Map<string, InstanceState>> {
  const born = new Set(own.filter((event) => event.type === 'InstanceCreated').map((event) => event.data.id));
  const known = [...new Set(own.map((event) => event.data.id))].filter((id) => !born.has(id));
  if (known.length === 0 && changedProfiles.length === 0) return new Map();
  const { rows } = await client.query<{ id: string; state: string }>({
    name: 'instance-states',
    // Not one condition with OR: that would read every instance.
    text: `SELECT id, state FROM instance WHERE id = ANY($1)
           UNION ALL SELECT id, state FROM instance JOIN instance_profile ON instance_id = id WHERE profile_id = ANY($2)`,
    values: [known, changedProfiles],
  });
  return new Map(rows.map(({ id, state }) => [id, JSON.parse(state) as InstanceState]));
}

async function remove(client: ClientBase, states: ReadonlyMap<string, InstanceState>): Promise<void> {
  const gone = [...states].filter(([, state]) => !isLive(state)).map(([id]) => id);
  if (gone.length === 0) return;
  await client.query('DELETE FROM snapshot WHERE instance_id = ANY($1)', [gone]);
  await client.query('DELETE FROM instance_profile WHERE instance_id = ANY($1)', [gone]);
  await client.query('DELETE FROM instance WHERE id = ANY($1)', [gone]);
}

const TOUCHES_PROFILES = new Set<string>(['InstanceCreated', 'InstanceUpdated', 'InstanceRestored']);

async function write(client: ClientBase, instances: readonly LiveInstance[], events: readonly InstanceEvent[]): Promise<void> {
  if (instances.length === 0) return;
  const profileIds = [...new Set(instances.flatMap((one) => [...one.profiles, ...one.snapshots.flatMap((snapshot) => snapshot.profiles)]))];
  const profiles = new Map((profileIds.length > 0 ? await findProfilesById(client, profileIds) : []).map((profile) => [profile.id, profile]));
  await writeInstances(client, instances, profiles);
  const reassigned = new Set(events.filter((event) => TOUCHES_PROFILES.has(event.type)).map((event) => event.data.id));
  await writeProfileUse(
    client,
    instances.filter((one) => reassigned.has(one.id)),
    new Set(events.filter((event) => event.type === 'InstanceCreated').map((event) => event.data.id)),
  );
  const withSnapshots = new Set(events.filter((event) => event.type.startsWith('Snapshot')).map((event) => event.data.id));
  await writeSnapshots(
    client,
    instances.filter((one) => one.snapshots.length > 0 || withSnapshots.has(one.id)),
    profiles,
  );
}
