import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideProject } from '../domain/project.decider';
import { projectFold, projectStream } from '../domain/project.state';
import { readProjectContents, requireProjectId } from '../queries/find-projects';
import { requireUnrestricted } from './authorize';
import { replaceProjectInCertificates } from './project-certificates';
import { changeDefaultProfile } from './project-profile';
import { isUnusedElsewhere } from './project-usage';

export const deleteProject: CommandHandler<'project.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'project.delete', body, async (uow) => {
    requireUnrestricted(meta);
    const id = await requireProjectId(deps.pool, body.name);
    const { state } = await uow.load(projectFold, projectStream(id));
    const { empty, defaultProfileId } = await readProjectContents(deps.pool, body.name);
    const events = decideProject({ type: 'delete', empty: empty && (await isUnusedElsewhere(deps, meta, state)) }, state);
    uow.append(
      projectStream(id),
      events.map((event) => ({ ...event, project: body.name })),
    );
    await changeDefaultProfile(uow, defaultProfileId, { type: 'delete', inUse: false, withProject: true });
    await replaceProjectInCertificates(deps.pool, uow, body.name, undefined);
    return {};
  });
