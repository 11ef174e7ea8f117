/** A copy of an instance, or of one of its snapshots, on the member where the source is. */
import { derivedId, WeftError, type InstanceCommandBody, type Meta, type SnapshotContent } from '@weft/contracts';
import { parseConfig } from '../domain/config-keys';
import { parseDevices } from '../domain/device-types';
import { expand } from '../domain/expansion';
import { checkInstanceName, generateName } from '../domain/instance-name';
import type { LiveInstance } from '../domain/instance.state';
import { askedIdentities, withNicIdentities } from '../domain/nic-identity';
import { readTarget } from '../domain/placement';
import { checkTargetAllowed } from '../domain/project.restrictions';
import type { ProfileFacts, ProjectFacts } from '../domain/resource-facts';
import { findSnapshot } from '../domain/snapshot.decider';
import type { Deps } from '../instance.deps';
import { findInstance, findInstanceById } from '../queries/find-instance';
import { findProfilesById } from '../queries/find-resources';
import { checkExpanded } from './check-expanded';
import { checkNewPorts } from './check-ports';
import type { InstancePlan } from './create-instance';
import { place } from './place';
import { checkLimits, ownKeys, requireProfiles, requireProject, withoutVolatile, type NewIds } from './plan-instance';

type Body = InstanceCommandBody<'instance.create'>;
type Content = Pick<LiveInstance, 'architecture' | 'config' | 'devices' | 'ephemeral' | 'profiles'>;

export async function planCopy(deps: Deps, meta: Meta, body: Body, ids: NewIds): Promise<InstancePlan> {
  const project = await requireProject(deps, meta.project);
  const { source, snapshot } = await sourceOf(deps, meta, body);
  if (body.type && body.type !== source.type) throw new WeftError('request.invalid', `The source is a ${source.type}: its copy cannot be a ${body.type}`);
  const content: Content = snapshot ?? source;
  const profiles = await profilesOf(deps, meta, project, body, source, content);
  const local = localContent(body, content, source, ids);
  local.config = withNicIdentities({ id: ids.instance, config: local.config, devices: expand(profiles, local).devices });
  const expanded = expand(profiles, local);
  checkExpanded(project, source.type, expanded);
  if (body.target) checkTargetAllowed(project, readTarget(body.target).group);
  await checkLimits(deps, project, source.type);
  const name = body.name || generateName(ids.instance);
  checkInstanceName(name);
  const { portsLater } = await checkNewPorts(deps, meta, body, { id: ids.instance, name, type: source.type, ...expanded });
  const { member, explanation } = await place(deps, targetOf(body, source), { type: source.type, architecture: '', fingerprint: '' });
  const along = snapshot || body.source.instance_only || body.source.container_only ? [] : source.snapshots;
  const copies = along.map((one) => ({ old: one.id, copy: { ...one, id: derivedId(ids.instance, one.id), profiles: profiles.map((profile) => profile.id) } }));
  return {
    instance: {
      id: ids.instance,
      project: meta.project,
      name,
      type: source.type,
      member,
      imageFingerprint: source.imageFingerprint,
      architecture: content.architecture,
      ephemeral: body.ephemeral,
      description: body.description || source.description,
      ...local,
      profiles: profiles.map((profile) => profile.id),
      snapshots: copies.map(({ copy }): SnapshotContent => copy),
      copiedFrom: `${source.project}/${body.source.source}`,
      createdAt: '',
      operationId: '',
    },
    source: snapshot ? { kind: 'snapshot', instanceId: source.id, snapshotId: snapshot.id } : { kind: 'instance', instanceId: source.id },
    snapshots: Object.fromEntries(copies.map(({ old, copy }) => [old, copy.id])),
    fetchFrom: '',
    placement: explanation,
    retained: source.id,
    portsLater,
    profiles: new Map(profiles.map((profile) => [profile.id, profile])),
    project,
  };
}

async function sourceOf(deps: Deps, meta: Meta, body: Body): Promise<{ source: LiveInstance; snapshot?: SnapshotContent }> {
  const [name = '', snapshotName] = (body.source.source ?? '').split('/');
  if (!name) throw new WeftError('request.invalid', 'Must specify a source instance');
  const project = body.source.project || meta.project;
  if (meta.actor.projects && !meta.actor.projects.includes(project)) throw new WeftError('auth.forbidden', 'not authorized');
  const row = await findInstance(deps.pool, project, name);
  const found = await findInstanceById(deps.pool, row.id);
  if (!found) throw new WeftError('instance.not-found', 'Instance not found');
  if (found.status === 'creating' || found.status === 'deleting')
    throw new WeftError('instance.busy', `Instance is busy running a ${found.status === 'creating' ? 'create' : 'delete'} operation`);
  return { source: found.state, snapshot: snapshotName ? findSnapshot(found.state, snapshotName) : undefined };
}

/** Profiles are named by the client; without names, those of the source, by id inside a project and by name across. */
async function profilesOf(deps: Deps, meta: Meta, project: ProjectFacts, body: Body, source: LiveInstance, content: Content): Promise<ProfileFacts[]> {
  if (body.profiles) return requireProfiles(deps, project, body.profiles);
  const found = await findProfilesById(deps.pool, content.profiles);
  const ordered = content.profiles.flatMap((id) => found.find((profile) => profile.id === id) ?? []);
  return source.project === meta.project
    ? ordered
    : requireProfiles(
        deps,
        project,
        ordered.map((profile) => profile.name),
      );
}

/** The source's own content with what the request changes; who the source was does not come along. */
function localContent(body: Body, content: Content, source: LiveInstance, ids: NewIds): Pick<LiveInstance, 'config' | 'devices'> {
  const asked = { ...withoutVolatile(parseConfig(body.config, source.type)), ...askedIdentities(body.config) };
  const fingerprint = content.config['volatile.base_image'] ?? '';
  return {
    config: { ...withoutVolatile(content.config), ...asked, ...ownKeys(ids, source.type, fingerprint ? { fingerprint } : undefined) },
    devices: { ...content.devices, ...parseDevices(body.devices) },
  };
}

function targetOf(body: Body, source: LiveInstance): string {
  if (body.target && body.target !== source.member)
    throw new WeftError('request.unsupported', `Copies between members are not supported yet: the source is on ${source.member}`);
  return source.member;
}
