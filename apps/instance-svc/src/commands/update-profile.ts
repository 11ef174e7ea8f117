import { isDeepStrictEqual } from 'node:util';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { changesLimits } from '../domain/config-keys';
import { decideProfile } from '../domain/profile.decider';
import { profileStream } from '../domain/profile.state';
import { loadProfile } from '../queries/profile-locations';
import { applyToRunningGuests } from './apply-profile';
import { requireProject } from './authorize';
import { enforceAggregateLimitsOfUsers } from './enforce-limits';
import { enforceRootDiskOfUsers } from './enforce-root-disk';
import { checkProfileRestrictions } from './profile-restrictions';
import { checkProfilePorts, type ProfileContent } from './profile-ports';
import { requirePools } from './require-pools';

export const updateProfile: CommandHandler<'profile.update'> = (deps, meta, body) =>
  execute(deps, meta, 'profile.update', body, async (uow) => {
    const { project, id, state } = await loadProfile(deps, uow, meta.project, body.name);
    requireProject(meta, project);
    const { name: _name, ...change } = body;
    const events = decideProfile({ type: 'update', ...change }, state);
    await requirePools(deps.pool, body.devices ?? {});
    for (const { data } of events) {
      if (!('config' in data)) continue;
      await checkProfileRestrictions(deps.pool, project, id, data);
      if (state.status === 'active') await checkProfilePorts(deps, meta, project, id, state, data);
    }
    uow.append(
      profileStream(id),
      events.map((event) => ({ ...event, project })),
    );
    if (state.status === 'active' && events.some(({ data }) => 'config' in data && changesSizes(state, data))) enforceAggregateLimitsOfUsers(uow, id);
    if (state.status === 'active') for (const { data } of events) if ('devices' in data) enforceRootDiskOfUsers(uow, id, state.devices, data.devices);
    applyToRunningGuests(deps, uow, meta, state, events);
    return {};
  });

/** What the sums of a project's limits are made of: limits, and sizes of disks. */
const changesSizes = (before: ProfileContent, after: ProfileContent): boolean =>
  changesLimits(before.config, after.config) || !isDeepStrictEqual(before.devices, after.devices);
