import { WeftError, type InstanceCommandBody, type LxdOperation, type Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { parseConfig } from '../domain/config-keys';
import { parseDevices } from '../domain/device-types';
import { checkEtag } from '../domain/etag';
import { expand } from '../domain/expansion';
import { checkOwnedKeys, keepVolatile, needsLiveUpdate, updateInstance as decideUpdate } from '../domain/instance-config.decider';
import { free } from '../domain/instance.decider';
import { nicsChanged, withNicIdentities } from '../domain/nic-identity';
import { instanceEtag } from '../domain/instance.document';
import { instanceFold, instanceStream, writableOf, type LiveInstance, type Writable } from '../domain/instance.state';
import type { ProfileFacts } from '../domain/resource-facts';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
import { findProfilesById } from '../queries/find-resources';
import type { UpdateParams } from '../sagas/saga-params';
import { checkExpanded } from './check-expanded';
import { checkPorts } from './check-ports';
import { enforceAggregateLimits } from './enforce-limits';
import { appendInstance, instanceResources } from './instance-operation';
import { startedAndDone, startOperation } from './operations';
import { requireProfiles, requireProject } from './plan-instance';
import { requireOnline } from './require-online';

const UPDATE_LIMIT_MS = 5 * 60_000;

type PatchBody = InstanceCommandBody<'instance.patch'>;

/** PUT: the whole object. */
export const updateInstance: CommandHandler<'instance.update'> = (deps, meta, body) =>
  change(deps, meta, 'instance.update', { ...body, profiles: body.profiles ?? [] }, (before, wanted) => ({
    ...body,
    architecture: body.architecture || before.architecture,
    config: keepVolatile(before.config, parseConfig(body.config, before.type)),
    devices: parseDevices(body.devices),
    profiles: (wanted ?? []).map((profile) => profile.id),
  }));

/** PATCH: what is given is merged; an empty value unsets a key. LXD answers it at the end of its work: `operationId` is what to wait for. */
export const patchInstance: CommandHandler<'instance.patch'> = async (deps, meta, body) => {
  const outcome = await change(deps, meta, 'instance.patch', body, (before, wanted) => merged(before, body, wanted));
  return { ...outcome, result: { operationId: (outcome.result as LxdOperation).id } };
};

function merged(before: LiveInstance, body: PatchBody, wanted: ProfileFacts[] | undefined): Writable {
  return {
    architecture: body.architecture || before.architecture,
    ephemeral: body.ephemeral ?? before.ephemeral,
    description: body.description ?? before.description,
    config: parseConfig({ ...before.config, ...body.config }, before.type),
    devices: body.devices ? { ...before.devices, ...parseDevices(body.devices) } : before.devices,
    profiles: wanted ? wanted.map((profile) => profile.id) : before.profiles,
  };
}

/** `next`: what it shall be, with the profiles that the body names. */
async function change(
  deps: Deps,
  meta: Meta,
  command: string,
  body: { name: string; ifMatch?: string; profiles?: readonly string[] | null },
  next: (before: LiveInstance, wanted: ProfileFacts[] | undefined) => Writable,
) {
  const [row, project] = await Promise.all([findInstance(deps.pool, meta.project, body.name), requireProject(deps, meta.project)]);
  const wanted = body.profiles ? await requireProfiles(deps, project, body.profiles) : undefined;
  return execute(deps, meta, command, body, async (uow) => {
    const { state } = await uow.load(instanceFold, instanceStream(row.id));
    const before = free(state);
    const current = await orderedProfiles(deps, before.profiles);
    checkEtag(
      body.ifMatch,
      instanceEtag(
        before,
        current.map((profile) => profile.name),
      ),
    );
    const asked = next(before, wanted);
    checkOwnedKeys(before.config, asked.config);
    const { devices } = expand(wanted ?? current, asked);
    const after = { ...asked, config: withNicIdentities({ id: before.id, config: asked.config, devices }) };
    const expanded = expand(wanted ?? current, after);
    checkExpanded(project, before.type, expanded);
    const spec = { ...row.spec, architecture: after.architecture, ephemeral: after.ephemeral, ...expanded };
    const specBefore = { ...row.spec, ...expand(current, before) };
    const ports = nicsChanged(specBefore, spec);
    if (ports) await checkPorts(deps, meta, spec, true);
    const live = needsLiveUpdate(before, specBefore, expanded);
    if (live) await requireOnline(deps, row.member);
    const events = decideUpdate(state, after, live || ports ? meta.correlationId : null);
    appendInstance(uow, row.id, events);
    if (events.length > 0) enforceAggregateLimits(uow, project);
    if (!(live || ports) || events.length === 0) return startedAndDone(uow, meta, { ...labels(row), location: row.member });
    return carryOut(deps, uow, meta, row, { spec, epoch: before.epoch, live, ...(ports ? { before: { spec: specBefore, content: writableOf(before) } } : {}) });
  });
}

const labels = (row: InstanceRow) => ({ description: 'Updating instance', resources: instanceResources(row.spec.name) });

/** What others have to do: the network service for NICs, the host for what runs. */
function carryOut(deps: Deps, uow: UnitOfWork, meta: Meta, row: InstanceRow, change: Pick<UpdateParams, 'spec' | 'epoch' | 'live' | 'before'>) {
  const params: Omit<UpdateParams, 'operation'> = { meta, member: row.member, timeLimitMs: UPDATE_LIMIT_MS, ...change };
  return startOperation(deps, uow, meta, { ...labels(row), location: row.member, timeLimitMs: UPDATE_LIMIT_MS, saga: { type: 'instance.update', params } });
}

async function orderedProfiles(deps: Deps, ids: readonly string[]): Promise<ProfileFacts[]> {
  const found = ids.length > 0 ? await findProfilesById(deps.pool, ids) : [];
  if (found.length < ids.length) throw new WeftError('concurrency.conflict', 'The profiles of the instance changed meanwhile: try again');
  return ids.flatMap((id) => found.find((profile) => profile.id === id) ?? []);
}
