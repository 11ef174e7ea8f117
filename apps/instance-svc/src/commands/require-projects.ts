import { WeftError } from '@weft/contracts';
import type { Queryable } from '../queries/find-resources';

/** @throws WeftError `project.not-found` for the first name that is no project */
export async function requireProjects(db: Queryable, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const { rows } = await db.query<{ name: string }>('SELECT name FROM project WHERE name = ANY($1)', [names]);
  const missing = names.find((name) => !rows.some((row) => row.name === name));
  if (missing !== undefined) throw new WeftError('project.not-found', `Project "${missing}" not found`);
}
