import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideProfile } from '../domain/profile.decider';
import { profileFold, profileStream } from '../domain/profile.state';
import { isProfileInUse, requireProfile } from '../queries/find-profiles';
import { requireProject } from './authorize';

export const deleteProfile: CommandHandler<'profile.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'profile.delete', body, async (uow) => {
    const { project, id } = await requireProfile(deps.pool, meta.project, body.name);
    requireProject(meta, project);
    const { state } = await uow.load(profileFold, profileStream(id));
    const events = decideProfile({ type: 'delete', inUse: await isProfileInUse(deps.pool, id), withProject: false }, state);
    uow.append(
      profileStream(id),
      events.map((event) => ({ ...event, project })),
    );
    return {};
  });
