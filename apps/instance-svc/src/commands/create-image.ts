import { WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideImage } from '../domain/image.decider';
import { imageFold } from '../domain/image.state';
import { checkAliasName } from '../domain/resource-name';
import type { ProjectFacts } from '../domain/resource-facts';
import { projectOf } from '../queries/effective-project';
import { findAliasId, findImageId } from '../queries/find-images';
import { findProfiles, type Queryable } from '../queries/find-resources';
import type { ImportParams } from '../sagas/image.sagas';
import { requireProject } from './authorize';
import { startOperation } from './operations';

const TIME_LIMIT_MS = 15 * 60_000;

/** The upload is on `member` already, staged and read. What would fail in the end is refused now. */
export const createImage: CommandHandler<'image.create'> = (deps, meta, body) =>
  execute(deps, meta, 'image.create', body, async (uow) => {
    const facts = await projectOf(deps.pool, meta);
    const project = facts.imagesProject;
    requireProject(meta, project);
    const { staged, member, filename, autoUpdate, properties, profiles, expiresAt } = body;
    decideImage(
      { type: 'create', id: '', project, staged, filename, public: body.public, autoUpdate, properties, profiles, expiresAt, now: uow.now },
      imageFold.initial,
    );
    if (await findImageId(deps.pool, project, staged.fingerprint)) throw new WeftError('image.exists', 'Image with same fingerprint already exists');
    await checkAliases(deps.pool, project, body.aliases);
    await requireImageProfiles(deps.pool, facts, profiles);
    const params: Omit<ImportParams, 'operation'> = { meta, member, timeLimitMs: TIME_LIMIT_MS, project, request: body };
    const request = { description: 'Downloading image', resources: null, location: member, timeLimitMs: 2 * TIME_LIMIT_MS };
    return startOperation(deps, uow, meta, { ...request, saga: { type: 'image.import', params } });
  });

async function checkAliases(db: Queryable, project: string, aliases: readonly { name: string }[]): Promise<void> {
  const seen = new Set<string>();
  for (const { name } of aliases) {
    checkAliasName(name);
    if (seen.has(name)) throw new WeftError('request.invalid', `Duplicate alias: ${name}`);
    seen.add(name);
    if (await findAliasId(db, project, name)) throw new WeftError('image-alias.exists', `Alias already exists: ${name}`);
  }
}

export async function requireImageProfiles(db: Queryable, facts: ProjectFacts, names: readonly string[] | null | undefined): Promise<void> {
  const found = await findProfiles(db, facts.profilesProject, names ?? []);
  const missing = names?.find((name) => !found.some((profile) => profile.name === name));
  if (missing !== undefined) throw new WeftError('profile.not-found', `Profile "${missing}" not found`);
}
