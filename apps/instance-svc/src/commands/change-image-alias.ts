import { newId, WeftError, type Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideImageAlias, type AliasTarget, type ImageAliasCommand } from '../domain/image-alias.decider';
import { imageAliasFold, imageAliasStream } from '../domain/image.state';
import type { Deps } from '../instance.deps';
import { projectOf } from '../queries/effective-project';
import { findAliasId, requireAliasId } from '../queries/find-images';
import { findImage } from '../queries/find-resources';
import { requireProject } from './authorize';

export const createImageAlias: CommandHandler<'image-alias.create'> = (deps, meta, body) =>
  execute(deps, meta, 'image-alias.create', body, async (uow) => {
    const project = await ownProject(deps, meta);
    const { name, description, type: wantedType } = body;
    await refuseTaken(deps, project, name);
    const id = newId();
    const target = await targetOf(deps, project, body.target);
    const events = decideImageAlias({ type: 'create', id, project, name, description, wantedType, target }, imageAliasFold.initial);
    uow.append(
      imageAliasStream(id),
      events.map((event) => ({ ...event, project })),
    );
    return {};
  });

export const updateImageAlias: CommandHandler<'image-alias.update'> = (deps, meta, body) =>
  execute(deps, meta, 'image-alias.update', body, async (uow) => {
    const project = await ownProject(deps, meta);
    const { mode, ifMatch, description } = body;
    const target = body.target ? await targetOf(deps, project, body.target) : undefined;
    return change(deps, uow, project, body.name, { type: 'update', mode, ifMatch, description, target });
  });

export const renameImageAlias: CommandHandler<'image-alias.rename'> = (deps, meta, body) =>
  execute(deps, meta, 'image-alias.rename', body, async (uow) => {
    const project = await ownProject(deps, meta);
    if (body.newName !== body.name) await refuseTaken(deps, project, body.newName);
    return change(deps, uow, project, body.name, { type: 'rename', newName: body.newName });
  });

export const deleteImageAlias: CommandHandler<'image-alias.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'image-alias.delete', body, async (uow) => change(deps, uow, await ownProject(deps, meta), body.name, { type: 'delete' }));

async function change(deps: Deps, uow: UnitOfWork, project: string, name: string, command: ImageAliasCommand): Promise<object> {
  const id = await requireAliasId(deps.pool, project, name);
  const { state } = await uow.load(imageAliasFold, imageAliasStream(id));
  uow.append(
    imageAliasStream(id),
    decideImageAlias(command, state).map((event) => ({ ...event, project })),
  );
  return {};
}

async function ownProject(deps: Deps, meta: Meta): Promise<string> {
  const { imagesProject } = await projectOf(deps.pool, meta);
  requireProject(meta, imagesProject);
  return imagesProject;
}

async function refuseTaken(deps: Deps, project: string, name: string): Promise<void> {
  if (await findAliasId(deps.pool, project, name)) throw new WeftError('image-alias.exists', `Alias '${name}' already exists`);
}

async function targetOf(deps: Deps, project: string, fingerprint: string): Promise<AliasTarget> {
  if (fingerprint === '') throw new WeftError('request.invalid', 'The target field is required');
  const image = await findImage(deps.pool, project, { fingerprint });
  if (!image) throw new WeftError('image.not-found', 'Image not found');
  return { imageId: image.id, fingerprint: image.fingerprint, type: image.type };
}
