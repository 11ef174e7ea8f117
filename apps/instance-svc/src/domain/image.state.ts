import type { ImageAliasEvent, ImageEvent, ImageFileEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { etagOf, sortedMap } from './etag';

type Created = Extract<ImageEvent, { type: 'ImageCreated' }>['data'];
export type ActiveImage = { status: 'active' } & Created;
export type ImageState = { status: 'none' } | ActiveImage | { status: 'deleted' };

export const imageFold: Fold<ImageState, ImageEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'ImageCreated':
        return { status: 'active', ...event.data };
      case 'ImageUpdated':
        return state.status === 'active' ? { ...state, ...event.data } : state;
      case 'ImageDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const imageStream = (id: string): string => `image-${id}`;
export const imageEtag = (image: Pick<Created, 'public' | 'autoUpdate' | 'properties'>): string =>
  etagOf([image.public, image.autoUpdate, sortedMap(image.properties)]);

type AliasCreated = Extract<ImageAliasEvent, { type: 'ImageAliasCreated' }>['data'];
export type ActiveImageAlias = { status: 'active' } & AliasCreated;
export type ImageAliasState = { status: 'none' } | ActiveImageAlias | { status: 'deleted' };

export const imageAliasFold: Fold<ImageAliasState, ImageAliasEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'ImageAliasCreated':
      case 'ImageAliasUpdated':
        return { status: 'active', ...event.data };
      case 'ImageAliasRenamed':
        return state.status === 'active' ? { ...state, name: event.data.name } : state;
      case 'ImageAliasDeleted':
        return { status: 'deleted' };
      default:
        return event satisfies never;
    }
  },
};

export const imageAliasStream = (id: string): string => `imagealias-${id}`;
/** LXD's field order; also the document that a client reads. */
export const imageAliasDocument = (alias: Pick<AliasCreated, 'description' | 'target' | 'name' | 'type'>) => ({
  description: alias.description,
  target: alias.target,
  name: alias.name,
  type: alias.type,
});

/** Members that hold the files of a fingerprint, in the order in which they got them. */
export const imageFileFold: Fold<{ members: readonly string[] }, ImageFileEvent> = {
  initial: { members: [] },
  evolve(state, event) {
    const others = state.members.filter((member) => member !== event.data.member);
    switch (event.type) {
      case 'ImageStoredOnMember':
        return { members: [...others, event.data.member] };
      case 'ImageRemovedFromMember':
        return { members: others };
      default:
        return event satisfies never;
    }
  },
};

export const imageFileStream = (fingerprint: string): string => `imagefile-${fingerprint}`;
