import { WeftError } from '@weft/contracts';
import type { Queryable } from './find-resources';

/**
 * The project whose profiles a project uses, and the id of one of them (undefined when there is none of that name).
 * @throws WeftError `project.not-found`
 */
export async function locateProfile(db: Queryable, project: string, name: string): Promise<{ project: string; id: string | undefined }> {
  const { rows } = await db.query<{ project: string; id: string | null }>({
    name: 'locate_profile',
    text: `SELECT p.profiles_project AS project, r.id
             FROM project p LEFT JOIN profile r ON r.project = p.profiles_project AND r.name = $2 WHERE p.name = $1`,
    values: [project, name],
  });
  if (!rows[0]) throw new WeftError('project.not-found', 'Project not found');
  return { project: rows[0].project, id: rows[0].id ?? undefined };
}

/** The same for a profile that must be there. @throws WeftError `profile.not-found` too */
export async function requireProfile(db: Queryable, project: string, name: string): Promise<{ project: string; id: string }> {
  const found = await locateProfile(db, project, name);
  if (found.id === undefined) throw new WeftError('profile.not-found', 'Profile not found');
  return { project: found.project, id: found.id };
}

export async function isProfileInUse(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM instance_profile WHERE profile_id = $1 LIMIT 1', [id]);
  return (rowCount ?? 0) > 0;
}
