import { WeftError } from '@weft/contracts';
import type { Queryable } from './find-resources';

/** The image with exactly this fingerprint in the project that holds it, or undefined. */
export async function findImageId(db: Queryable, project: string, fingerprint: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM image WHERE project = $1 AND fingerprint = $2', [project, fingerprint]);
  return rows[0]?.id;
}

export async function findAliasId(db: Queryable, project: string, name: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM image_alias WHERE project = $1 AND name = $2', [project, name]);
  return rows[0]?.id;
}

/** @throws WeftError `image-alias.not-found` */
export async function requireAliasId(db: Queryable, project: string, name: string): Promise<string> {
  const id = await findAliasId(db, project, name);
  if (id === undefined) throw new WeftError('image-alias.not-found', 'Image alias not found');
  return id;
}

export async function findAliasesOf(db: Queryable, imageId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM image_alias WHERE image_id = $1', [imageId]);
  return rows.map(({ id }) => id);
}

export interface ImageFiles {
  /** Some project has the image, or is importing it right now (other than by the saga `except`). */
  needed: boolean;
  /** Members that hold the files. */
  members: string[];
}

export async function findImageFiles(db: Queryable, fingerprint: string, except = ''): Promise<ImageFiles> {
  const { rows } = await db.query<ImageFiles>(
    `SELECT EXISTS (SELECT FROM image WHERE fingerprint = $1)
         OR EXISTS (SELECT FROM saga WHERE type = 'image.import' AND status IN ('running', 'unwinding') AND id <> $2
                       AND params #>> '{request,staged,fingerprint}' = $1) AS needed,
       ARRAY(SELECT member FROM image_location WHERE fingerprint = $1 ORDER BY member) AS members`,
    [fingerprint, except],
  );
  return rows[0]!;
}

/** What the platform believes about image files: which images exist, which are on their way, and who holds what. */
export async function readImageStore(db: Queryable): Promise<{ needed: Set<string>; locations: { fingerprint: string; member: string }[] }> {
  const images = await db.query<{ fingerprint: string }>(
    `SELECT fingerprint FROM image
     UNION SELECT params #>> '{request,staged,fingerprint}' FROM saga WHERE type = 'image.import' AND status IN ('running', 'unwinding')`,
  );
  const { rows: locations } = await db.query<{ fingerprint: string; member: string }>('SELECT fingerprint, member FROM image_location');
  return { needed: new Set(images.rows.map(({ fingerprint }) => fingerprint)), locations };
}
