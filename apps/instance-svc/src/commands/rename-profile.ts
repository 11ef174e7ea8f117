import { WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideProfile } from '../domain/profile.decider';
import { profileFold, profileStream } from '../domain/profile.state';
import { locateProfile, requireProfile } from '../queries/find-profiles';
import { requireProject } from './authorize';

export const renameProfile: CommandHandler<'profile.rename'> = (deps, meta, body) =>
  execute(deps, meta, 'profile.rename', body, async (uow) => {
    const { project, id } = await requireProfile(deps.pool, meta.project, body.name);
    requireProject(meta, project);
    const { state } = await uow.load(profileFold, profileStream(id));
    const events = decideProfile({ type: 'rename', newName: body.newName }, state);
    const taken = await locateProfile(deps.pool, meta.project, body.newName);
    if (taken.id !== undefined) throw new WeftError('profile.exists', `Name "${body.newName}" already in use`);
    uow.append(
      profileStream(id),
      events.map((event) => ({ ...event, project })),
    );
    return {};
  });
