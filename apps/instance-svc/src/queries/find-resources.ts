/** What instance commands ask about projects, profiles and images. */
import type { ClientBase, Pool } from 'pg';
import { WeftError } from '@weft/contracts';
import type { ImageFacts, ProfileFacts, ProjectFacts } from '../domain/resource-facts';

/** Reads happen in the pool or inside an append's transaction (projections). */
export type Queryable = Pick<Pool, 'query'> | Pick<ClientBase, 'query'>;

export interface ImageReference {
  /** Whole or a unique prefix. */
  fingerprint?: string;
  alias?: string;
  /** The newest image that has all of them. */
  properties?: Record<string, string>;
}

export async function findProject(db: Queryable, name: string): Promise<ProjectFacts | undefined> {
  const { rows } = await db.query<ProjectFacts>({
    name: 'find_project',
    text: `SELECT name, config, profiles_project AS "profilesProject", images_project AS "imagesProject" FROM project WHERE name = $1`,
    values: [name],
  });
  return rows[0];
}

/** In the order asked; names that do not exist are left out. `project` is the effective one (`profilesProject`). */
export async function findProfiles(db: Queryable, project: string, names: readonly string[]): Promise<ProfileFacts[]> {
  if (names.length === 0) return [];
  const { rows } = await db.query<ProfileFacts>({
    name: 'find_profiles',
    text: 'SELECT id, project, name, config, devices FROM profile WHERE project = $1 AND name = ANY($2)',
    values: [project, names],
  });
  return names.flatMap((name) => rows.filter((row) => row.name === name));
}

/** By id, any order: for rendering instance documents inside the append's transaction. */
export async function findProfilesById(db: Queryable, ids: readonly string[]): Promise<ProfileFacts[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<ProfileFacts>({
    name: 'find_profiles_by_id',
    text: 'SELECT id, project, name, config, devices FROM profile WHERE id = ANY($1)',
    values: [ids],
  });
  return rows;
}

const IMAGE = `SELECT i.id, i.fingerprint, i.type, i.architecture, i.properties, i.profiles,
  ARRAY(SELECT member FROM image_location l WHERE l.fingerprint = i.fingerprint ORDER BY member) AS members FROM image i`;

/**
 * The image that a client means; `project` is the effective one (`imagesProject`).
 * @throws WeftError `image.invalid` when a fingerprint's beginning fits several images
 */
export async function findImage(db: Queryable, project: string, reference: ImageReference): Promise<(ImageFacts & { id: string }) | undefined> {
  const { fingerprint, alias, properties } = reference;
  if (fingerprint) return byFingerprint(db, project, fingerprint.toLowerCase());
  if (alias) {
    const { rows } = await db.query<ImageFacts & { id: string }>(`${IMAGE} JOIN image_alias a ON a.image_id = i.id WHERE a.project = $1 AND a.name = $2`, [
      project,
      alias,
    ]);
    return rows[0];
  }
  if (properties && Object.keys(properties).length > 0) {
    const { rows } = await db.query<ImageFacts & { id: string }>(
      `${IMAGE} WHERE i.project = $1 AND i.properties @> $2 ORDER BY i.uploaded_at DESC, i.fingerprint LIMIT 1`,
      [project, JSON.stringify(properties)],
    );
    return rows[0];
  }
  return undefined;
}

async function byFingerprint(db: Queryable, project: string, prefix: string): Promise<(ImageFacts & { id: string }) | undefined> {
  // Anything but hex cannot be one, and would be a pattern to LIKE.
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) return undefined;
  const { rows } = await db.query<ImageFacts & { id: string }>(`${IMAGE} WHERE i.project = $1 AND i.fingerprint LIKE $2 || '%' LIMIT 2`, [project, prefix]);
  if (rows.length > 1) throw new WeftError('image.invalid', `More than one image has a fingerprint that begins with "${prefix}": give more of it`);
  return rows[0];
}
