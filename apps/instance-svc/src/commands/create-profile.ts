import { newId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideProfile } from '../domain/profile.decider';
import { profileFold, profileStream } from '../domain/profile.state';
import { locateProfile } from '../queries/find-profiles';
import { requireProject } from './authorize';
import { checkProfileRestrictions } from './profile-restrictions';
import { checkProfilePorts } from './profile-ports';
import { requirePools } from './require-pools';

export const createProfile: CommandHandler<'profile.create'> = (deps, meta, body) =>
  execute(deps, meta, 'profile.create', body, async (uow) => {
    const { project, id: taken } = await locateProfile(deps.pool, meta.project, body.name);
    requireProject(meta, project);
    if (taken !== undefined) throw new WeftError('profile.exists', `Error inserting "${body.name}" into database: The profile already exists`);
    const id = newId();
    const events = decideProfile({ type: 'create', id, project, ...body }, profileFold.initial);
    await requirePools(deps.pool, body.devices);
    for (const { data } of events) {
      if (!('config' in data)) continue;
      await checkProfileRestrictions(deps.pool, project, undefined, data);
      await checkProfilePorts(deps, meta, project, id, undefined, data);
    }
    uow.append(
      profileStream(id),
      events.map((event) => ({ ...event, project })),
    );
    return {};
  });
