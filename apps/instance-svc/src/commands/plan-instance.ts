/** Gathers what a new instance (from an image, or empty) needs to know, and decides what it will be. */
import { WeftError, type InstanceCommandBody, type InstanceType, type Meta } from '@weft/contracts';
import { parseConfig } from '../domain/config-keys';
import { parseDevices } from '../domain/device-types';
import { expand } from '../domain/expansion';
import { checkInstanceName, generateName } from '../domain/instance-name';
import { limitsOfSize } from '../domain/instance-size';
import { askedIdentities, withNicIdentities } from '../domain/nic-identity';
import { readTarget } from '../domain/placement';
import { checkInstanceLimits } from '../domain/project.limits';
import { checkTargetAllowed } from '../domain/project.restrictions';
import type { ImageFacts, ProfileFacts, ProjectFacts } from '../domain/resource-facts';
import type { Deps } from '../instance.deps';
import { countInstances } from '../queries/find-instance';
import { findImage, findProfiles, findProject } from '../queries/find-resources';
import { checkExpanded } from './check-expanded';
import { checkNewPorts } from './check-ports';
import type { InstancePlan } from './create-instance';
import { place } from './place';

type Body = InstanceCommandBody<'instance.create'>;
export interface NewIds {
  instance: string;
  uuid: string;
  cloudInit: string;
}

export async function planInstance(deps: Deps, meta: Meta, body: Body, ids: NewIds): Promise<InstancePlan> {
  const project = await requireProject(deps, meta.project);
  const image = await imageOf(deps, project, body);
  const type = typeOf(body, image);
  const profiles = await requireProfiles(deps, project, body.profiles ?? image?.profiles ?? ['default']);
  const local = {
    config: {
      ...imageKeys(image),
      ...withoutVolatile(parseConfig({ ...limitsOfSize(body.instance_type), ...body.config }, type)),
      ...askedIdentities(body.config),
      ...ownKeys(ids, type, image),
      ...(body.source.type === 'migration' ? keptOnMoves(body.config) : {}),
    },
    devices: parseDevices(body.devices),
  };
  local.config = withNicIdentities({ id: ids.instance, config: local.config, devices: expand(profiles, local).devices });
  const expanded = expand(profiles, local);
  checkExpanded(project, type, expanded);
  if (body.target) checkTargetAllowed(project, readTarget(body.target).group);
  await checkLimits(deps, project, type);
  const fingerprint = image?.fingerprint ?? '';
  const placement = await place(deps, body.target, { type, architecture: body.architecture || (image?.architecture ?? ''), fingerprint });
  const member = deps.members.get(placement.member)!;
  const name = body.name || generateName(ids.instance);
  checkInstanceName(name);
  const { portsLater } = await checkNewPorts(deps, meta, body, { id: ids.instance, name, type, ...expanded });
  return {
    instance: {
      id: ids.instance,
      project: meta.project,
      name,
      type,
      member: placement.member,
      imageFingerprint: fingerprint,
      architecture: body.architecture || image?.architecture || member.heartbeat.resources.architecture,
      ephemeral: body.ephemeral,
      description: body.description,
      config: local.config,
      devices: local.devices,
      profiles: profiles.map((profile) => profile.id),
      snapshots: [],
      copiedFrom: null,
      createdAt: '',
      operationId: '',
    },
    source: image ? { kind: 'image', fingerprint } : { kind: 'none' },
    snapshots: {},
    fetchFrom: image ? fetchFrom(deps, image, placement.member) : '',
    placement: placement.explanation,
    retained: '',
    portsLater,
    profiles: new Map(profiles.map((profile) => [profile.id, profile])),
    project,
  };
}

export async function requireProject(deps: Deps, name: string): Promise<ProjectFacts> {
  const project = await findProject(deps.pool, name);
  if (!project) throw new WeftError('project.not-found', `Project "${name}" not found`);
  return project;
}

export async function requireProfiles(deps: Deps, project: ProjectFacts, names: readonly string[]): Promise<ProfileFacts[]> {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new WeftError('request.invalid', `Duplicate profile "${twice}" found in request`);
  const profiles = names.length > 0 ? await findProfiles(deps.pool, project.profilesProject, names) : [];
  const missing = names.find((name) => !profiles.some((profile) => profile.name === name));
  if (missing) throw new WeftError('profile.not-found', `Requested profile "${missing}" doesn't exist`);
  return profiles;
}

async function imageOf(deps: Deps, project: ProjectFacts, body: Body): Promise<ImageFacts | undefined> {
  const { source } = body;
  if (source.type === 'none') return undefined;
  if (source.type === 'migration') return imageOfArrival(deps, project, body);
  if (source.type !== 'image') throw new WeftError('request.unsupported', `Source type "${source.type}" is not supported yet`);
  if (source.server) throw new WeftError('request.unsupported', 'Remote image servers are not supported yet: import the image first');
  if (!source.fingerprint && !source.alias) throw new WeftError('request.invalid', 'Must specify one of alias or fingerprint for init from image');
  const image = await findImage(deps.pool, project.imagesProject, { fingerprint: source.fingerprint, alias: source.alias });
  if (!image) throw new WeftError('image.not-found', `Image "${source.alias || source.fingerprint}" not found`);
  return image;
}

/** What it was made from there: where that is here too, only the differences have to come. */
async function imageOfArrival(deps: Deps, project: ProjectFacts, { source, type }: Body): Promise<ImageFacts | undefined> {
  const fingerprint = source['base-image'];
  if (!fingerprint || type === 'virtual-machine') return undefined;
  return findImage(deps.pool, project.imagesProject, { fingerprint });
}

function typeOf(body: Body, image: ImageFacts | undefined): InstanceType {
  const type = body.type || image?.type || 'container';
  if (image && image.type !== type) throw new WeftError('image.wrong-type', `Requested image's type "${image.type}" doesn't match instance type "${type}"`);
  return type;
}

const imageKeys = (image: ImageFacts | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(image?.properties ?? {}).map(([key, value]) => [`image.${key}`, value]));

/** What the platform gives every new instance. */
export const ownKeys = (ids: NewIds, type: InstanceType, image: { fingerprint: string } | undefined): Record<string, string> => ({
  'volatile.uuid': ids.uuid,
  'volatile.cloud-init.instance-id': ids.cloudInit,
  ...(image?.fingerprint ? { 'volatile.base_image': image.fingerprint } : {}),
  ...(type === 'container' ? { 'volatile.idmap.base': '0' } : {}),
});

/** What cloud-init knows the guest by, which has not become another one, and what it was made from. */
const keptOnMoves = (asked: Record<string, string>): Record<string, string> =>
  Object.fromEntries(['volatile.cloud-init.instance-id', 'volatile.base_image'].flatMap((key) => (asked[key] === undefined ? [] : [[key, asked[key]]])));

export const withoutVolatile = (config: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith('volatile.')));

export async function checkLimits(deps: Deps, project: ProjectFacts, type: InstanceType): Promise<void> {
  if (!Object.keys(project.config).some((key) => key.startsWith('limits.'))) return;
  checkInstanceLimits(project.name, project.config, await countInstances(deps.pool, project.name), type);
}

/** "" when the member has the image; else an online member that has it. Throws `member.unavailable` when none is there. */
function fetchFrom(deps: Deps, image: ImageFacts, member: string): string {
  if (image.members.includes(member) || deps.members.get(member)?.heartbeat.images.includes(image.fingerprint)) return '';
  const holder =
    image.members.find((name) => deps.members.get(name)?.online) ??
    deps.members.all().find((one) => one.online && one.heartbeat.images.includes(image.fingerprint))?.name;
  if (!holder) throw new WeftError('member.unavailable', 'No member that holds the image is online');
  return holder;
}
