import { WeftError, type Meta } from '@weft/contracts';
import { findProject, type Queryable } from './find-resources';
import type { ProjectFacts } from '../domain/resource-facts';

/** The project of a command. @throws WeftError `project.not-found` */
export async function projectOf(db: Queryable, meta: Meta): Promise<ProjectFacts> {
  const project = await findProject(db, meta.project);
  if (!project) throw new WeftError('project.not-found', 'Project not found');
  return project;
}
