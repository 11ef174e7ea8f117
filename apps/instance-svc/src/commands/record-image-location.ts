/** Facts about image files: which member holds them. Known facts append nothing, so a repeat is free. */
import { newId } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import { imageFileFold, imageFileStream } from '../domain/image.state';
import type { Deps } from '../instance.deps';
import { serviceMeta } from './service-meta';

/** A member holds an image's files now: after an `image.fetch` task, or because its heartbeat says so. */
export const addImageLocation = (deps: Deps, fingerprint: string, member: string): Promise<void> =>
  record(deps, (uow) => appendImageStored(uow, fingerprint, member));

/** A member does not hold them any more. */
export const removeImageLocation = (deps: Deps, fingerprint: string, member: string): Promise<void> =>
  record(deps, async (uow) => {
    const { state } = await uow.load(imageFileFold, imageFileStream(fingerprint));
    if (state.members.includes(member)) uow.append(imageFileStream(fingerprint), [{ type: 'ImageRemovedFromMember', data: { fingerprint, member } }]);
  });

/** The same as part of a larger unit of work. */
export async function appendImageStored(uow: UnitOfWork, fingerprint: string, member: string): Promise<void> {
  const { state } = await uow.load(imageFileFold, imageFileStream(fingerprint));
  if (!state.members.includes(member)) uow.append(imageFileStream(fingerprint), [{ type: 'ImageStoredOnMember', data: { fingerprint, member } }]);
}

async function record(deps: Deps, work: (uow: UnitOfWork) => Promise<void>): Promise<void> {
  const id = newId();
  await execute(deps, serviceMeta('default', id, id), 'image.record-location', {}, async (uow) => {
    await work(uow);
    return {};
  });
}
