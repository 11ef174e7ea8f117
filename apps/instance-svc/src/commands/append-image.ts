import { derivedId, type InstanceCommandBody } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { decideImageAlias } from '../domain/image-alias.decider';
import { decideImage } from '../domain/image.decider';
import { imageAliasFold, imageAliasStream, imageFold, imageStream } from '../domain/image.state';
import { appendImageStored } from './record-image-location';

export interface NewImage {
  imageId: string;
  project: string;
  request: InstanceCommandBody<'image.create'>;
}

const aliasId = (imageId: string, name: string): string => derivedId('image-alias', imageId, name);

/** The image, its aliases and where its files are: all in one append. */
export async function appendImage(uow: UnitOfWork, { imageId, project, request }: NewImage): Promise<void> {
  const { staged, filename, autoUpdate, properties, profiles, aliases, expiresAt, member } = request;
  const command = {
    type: 'create',
    id: imageId,
    project,
    staged,
    filename,
    public: request.public,
    autoUpdate,
    properties,
    profiles,
    expiresAt,
    now: uow.now,
  } as const;
  uow.append(
    imageStream(imageId),
    decideImage(command, imageFold.initial).map((event) => ({ ...event, project })),
  );
  const target = { imageId, fingerprint: staged.fingerprint, type: staged.type };
  for (const { name, description } of aliases) {
    const id = aliasId(imageId, name);
    const events = decideImageAlias({ type: 'create', id, project, name, description, wantedType: '', target }, imageAliasFold.initial);
    uow.append(
      imageAliasStream(id),
      events.map((event) => ({ ...event, project })),
    );
  }
  await appendImageStored(uow, staged.fingerprint, member);
}

/** Takes back what `appendImage` appended, if it did. Where the files are remains a fact. */
export async function forgetImage(uow: UnitOfWork, { imageId, project, request }: NewImage): Promise<void> {
  for (const { name } of request.aliases) {
    const stream = imageAliasStream(aliasId(imageId, name));
    const { state } = await uow.load(imageAliasFold, stream);
    if (state.status === 'active')
      uow.append(
        stream,
        decideImageAlias({ type: 'delete' }, state).map((event) => ({ ...event, project })),
      );
  }
  const { state } = await uow.load(imageFold, imageStream(imageId));
  if (state.status === 'active')
    uow.append(
      imageStream(imageId),
      decideImage({ type: 'delete' }, state).map((event) => ({ ...event, project })),
    );
}
