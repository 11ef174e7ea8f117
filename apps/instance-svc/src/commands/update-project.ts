import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { isTrue } from '../domain/config-values';
import { decideProject } from '../domain/project.decider';
import { projectFold, projectStream } from '../domain/project.state';
import { readProjectContents, requireProjectId } from '../queries/find-projects';
import { requireUnrestricted } from './authorize';
import { enforceNewLimits } from './enforce-limits';
import { checkProjectContents } from './profile-restrictions';
import { addDefaultProfile, changeDefaultProfile } from './project-profile';
import { mayChangeFeatures } from './project-usage';

export const updateProject: CommandHandler<'project.update'> = (deps, meta, body) =>
  execute(deps, meta, 'project.update', body, async (uow) => {
    requireUnrestricted(meta);
    const { name, ...change } = body;
    const id = await requireProjectId(deps.pool, name);
    const { state } = await uow.load(projectFold, projectStream(id));
    const { usage, empty, defaultProfileId } = await readProjectContents(deps.pool, name);
    const facts = { usage, empty: empty && (await mayChangeFeatures(deps, meta, state, change)) };
    const events = decideProject({ type: 'update', ...change, ...facts }, state);
    uow.append(
      projectStream(id),
      events.map((event) => ({ ...event, project: name })),
    );
    for (const { data } of events) {
      if ('config' in data) {
        await checkProjectContents(deps.pool, data);
        enforceNewLimits(uow, name, data.config);
      }
      const wantsProfiles = 'config' in data && isTrue(data.config['features.profiles']);
      if (wantsProfiles && defaultProfileId === undefined) addDefaultProfile(uow, name);
      if (!wantsProfiles) await changeDefaultProfile(uow, defaultProfileId, { type: 'delete', inUse: false, withProject: true });
    }
    return {};
  });
