import { newId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { isTrue } from '../domain/config-values';
import { decideProject } from '../domain/project.decider';
import { projectFold, projectStream } from '../domain/project.state';
import { findProject } from '../queries/find-resources';
import { requireUnrestricted } from './authorize';
import { addDefaultProfile } from './project-profile';

export const createProject: CommandHandler<'project.create'> = (deps, meta, body) =>
  execute(deps, meta, 'project.create', body, async (uow) => {
    requireUnrestricted(meta);
    const id = newId();
    const events = decideProject({ type: 'create', id, ...body }, projectFold.initial);
    if (await findProject(deps.pool, body.name)) {
      throw new WeftError('project.exists', `Failed creating project "${body.name}": Failed adding database record: This "projects" entry already exists`);
    }
    uow.append(
      projectStream(id),
      events.map((event) => ({ ...event, project: body.name })),
    );
    for (const { data } of events) if ('config' in data && isTrue(data.config['features.profiles'])) addDefaultProfile(uow, body.name);
    return {};
  });
