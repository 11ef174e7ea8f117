import { WeftError } from '@weft/contracts';
import type { ProjectUsage } from '../domain/project.limits';
import type { Queryable } from './find-resources';

/** @throws WeftError `project.not-found` */
export async function requireProjectId(db: Queryable, name: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM project WHERE name = $1', [name]);
  if (!rows[0]) throw new WeftError('project.not-found', 'Project not found');
  return rows[0].id;
}

export interface ProjectContents {
  usage: ProjectUsage;
  /** Nothing but the default profile. */
  empty: boolean;
  /** The project's own profile `default`, if it has profiles of its own. */
  defaultProfileId: string | undefined;
}

export async function readProjectContents(db: Queryable, name: string): Promise<ProjectContents> {
  const { rows } = await db.query<{ containers: number; vms: number; others: number; profile: string | null }>(
    `SELECT (SELECT count(*)::int FROM instance WHERE project = $1 AND type = 'container') AS containers,
            (SELECT count(*)::int FROM instance WHERE project = $1 AND type = 'virtual-machine') AS vms,
            (SELECT count(*)::int FROM image WHERE project = $1)
              + (SELECT count(*)::int FROM profile WHERE project = $1 AND name <> 'default') AS others,
            (SELECT id FROM profile WHERE project = $1 AND name = 'default') AS profile`,
    [name],
  );
  const { containers = 0, vms = 0, others = 0, profile = null } = rows[0] ?? {};
  return { usage: { containers, virtualMachines: vms }, empty: containers + vms + others === 0, defaultProfileId: profile ?? undefined };
}

/** Trusted certificates that name the project. */
export async function findCertificatesOf(db: Queryable, project: string): Promise<string[]> {
  const { rows } = await db.query<{ fingerprint: string }>('SELECT fingerprint FROM certificate WHERE $1 = ANY(projects)', [project]);
  return rows.map(({ fingerprint }) => fingerprint);
}
