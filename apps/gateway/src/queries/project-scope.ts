/**
 * Which project's objects a request sees. That a project without profiles or images of its own shows those of
 * `default` (`features.profiles`, `features.images`) is settled inside the published views.
 */
import { WeftError } from '@weft/contracts';
import { visibleProjects, type Actor } from '../domain/policy';
import type { ReadClient } from '../clients/read.client';
import type { Scope } from './list.query';

export const ownProject = (project: string): Scope => ({ sql: 'project = $1', parameters: [project] });

/** `all-projects=true`: everything, or what a restricted client may see. */
export function allProjects(actor: Actor): Scope {
  const visible = visibleProjects(actor);
  return visible === null ? { sql: 'true', parameters: [] } : { sql: 'project = any($1::text[])', parameters: [[...visible]] };
}

const EXISTS = { name: 'project-exists', sql: 'select 1 from instance.project_v1 where name = $1' };

/** Throws `project.not-found`. Asked only when a read came back empty: the usual request pays nothing. */
export async function requireProject(reads: ReadClient, project: string): Promise<void> {
  if (project === 'default') return;
  if (!(await reads.row(EXISTS, [project]))) throw new WeftError('project.not-found', 'Project not found');
}
