import type { ClientBase, Pool } from 'pg';
import type { ImageFacts, ProfileFacts, ProjectFacts } from '../domain/resource-facts';

/** Reads happen in the pool or inside an append's transaction (projections). */
export type Queryable = Pick<Pool, 'query'> | Pick<ClientBase, 'query'>;

export interface ImageReference {
  /** Whole or a unique prefix. */
  fingerprint?: string;
  alias?: string;
}

// Owned by the resources side: fill these in with queries on your tables; instance commands call them.

export async function findProject(_db: Queryable, name: string): Promise<ProjectFacts | undefined> {
  return { name, config: {}, profilesProject: 'default', imagesProject: 'default' };
}

/** In the order asked; names that do not exist are left out. `project` is the effective one (`profilesProject`). */
export async function findProfiles(_db: Queryable, _project: string, _names: readonly string[]): Promise<ProfileFacts[]> {
  return [];
}

/** By id, any order: for rendering instance documents inside the append's transaction. */
export async function findProfilesById(_db: Queryable, _ids: readonly string[]): Promise<ProfileFacts[]> {
  return [];
}

/** `project` is the effective one (`imagesProject`). */
export async function findImage(_db: Queryable, _project: string, _reference: ImageReference): Promise<ImageFacts | undefined> {
  return undefined;
}

/** Records that a member holds an image's files now (table image_location); called after an `image.fetch` task. */
export async function addImageLocation(_db: Queryable, _fingerprint: string, _member: string): Promise<void> {}
