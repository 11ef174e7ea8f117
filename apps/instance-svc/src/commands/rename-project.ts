import { WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideProject } from '../domain/project.decider';
import { projectFold, projectStream } from '../domain/project.state';
import { findProject } from '../queries/find-resources';
import { readProjectContents, requireProjectId } from '../queries/find-projects';
import { requireUnrestricted } from './authorize';
import { startedAndDone } from './operations';
import { replaceProjectInCertificates } from './project-certificates';
import { changeDefaultProfile } from './project-profile';
import { isUnusedElsewhere } from './project-usage';

export const renameProject: CommandHandler<'project.rename'> = (deps, meta, body) =>
  execute(deps, meta, 'project.rename', body, async (uow) => {
    requireUnrestricted(meta);
    const { name, newName } = body;
    const id = await requireProjectId(deps.pool, name);
    const { state } = await uow.load(projectFold, projectStream(id));
    const { empty, defaultProfileId } = await readProjectContents(deps.pool, name);
    const events = decideProject({ type: 'rename', newName, empty: empty && (await isUnusedElsewhere(deps, meta, state)) }, state);
    if (await findProject(deps.pool, newName)) throw new WeftError('project.exists', `A project named "${newName}" already exists`);
    uow.append(
      projectStream(id),
      events.map((event) => ({ ...event, project: newName })),
    );
    await changeDefaultProfile(uow, defaultProfileId, { type: 'move', project: newName });
    await replaceProjectInCertificates(deps.pool, uow, name, newName);
    return startedAndDone(uow, meta, { description: 'Renaming project', resources: null, location: 'none' });
  });
