import { WeftError, type Meta } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideImageAlias } from '../domain/image-alias.decider';
import { decideImage } from '../domain/image.decider';
import { imageAliasFold, imageAliasStream, imageFold, imageStream } from '../domain/image.state';
import type { ProjectFacts } from '../domain/resource-facts';
import type { Deps } from '../instance.deps';
import { projectOf } from '../queries/effective-project';
import { findAliasesOf } from '../queries/find-images';
import { findImage } from '../queries/find-resources';
import type { DeleteImageParams } from '../sagas/image.sagas';
import { requireProject } from './authorize';
import { requireImageProfiles } from './create-image';
import { startOperation } from './operations';

const TIME_LIMIT_MS = 10 * 60_000;

export const updateImage: CommandHandler<'image.update'> = (deps, meta, body) =>
  execute(deps, meta, 'image.update', body, async (uow) => {
    const { facts, id } = await imageOf(deps, meta, body.fingerprint);
    await requireImageProfiles(deps.pool, facts, body.profiles);
    const { state } = await uow.load(imageFold, imageStream(id));
    const { mode, ifMatch, auto_update: autoUpdate, properties, profiles, expires_at: expiresAt } = body;
    const events = decideImage({ type: 'update', mode, ifMatch, public: body.public, autoUpdate, properties, profiles, expiresAt }, state);
    uow.append(
      imageStream(id),
      events.map((event) => ({ ...event, project: facts.imagesProject })),
    );
    return {};
  });

/** The image and its aliases are gone with the reply; the files follow, where no other project has the image. */
export const deleteImage: CommandHandler<'image.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'image.delete', body, async (uow) => {
    const { facts, id, fingerprint } = await imageOf(deps, meta, body.fingerprint);
    const project = facts.imagesProject;
    for (const aliasId of await findAliasesOf(deps.pool, id)) {
      const { state } = await uow.load(imageAliasFold, imageAliasStream(aliasId));
      uow.append(
        imageAliasStream(aliasId),
        decideImageAlias({ type: 'delete' }, state).map((event) => ({ ...event, project })),
      );
    }
    const { state } = await uow.load(imageFold, imageStream(id));
    uow.append(
      imageStream(id),
      decideImage({ type: 'delete' }, state).map((event) => ({ ...event, project })),
    );
    const params: Omit<DeleteImageParams, 'operation'> = { meta, member: '', timeLimitMs: TIME_LIMIT_MS, fingerprint };
    const request = { description: 'Deleting image', resources: { images: [`/1.0/images/${fingerprint}`] }, location: 'none', timeLimitMs: 2 * TIME_LIMIT_MS };
    return startOperation(deps, uow, meta, { ...request, saga: { type: 'image.delete', params } });
  });

/** LXD takes any unique beginning of a fingerprint. */
async function imageOf(deps: Deps, meta: Meta, prefix: string): Promise<{ facts: ProjectFacts; id: string; fingerprint: string }> {
  const facts = await projectOf(deps.pool, meta);
  requireProject(meta, facts.imagesProject);
  const image = await findImage(deps.pool, facts.imagesProject, { fingerprint: prefix });
  if (!image) throw new WeftError('image.not-found', 'Image not found');
  return { facts, id: image.id, fingerprint: image.fingerprint };
}
