import { z } from 'zod';
import { instanceType, stringMap } from '../agent';
import type { EventOf } from './definition';

const place = { id: z.string(), project: z.string(), fingerprint: z.string() };
const writable = {
  public: z.boolean(),
  autoUpdate: z.boolean(),
  properties: stringMap,
  profiles: z.array(z.string()),
  /** ISO 8601; the epoch when the image never expires, as LXD shows it. */
  expiresAt: z.string(),
};

/** Stream `image-<id>`: one project's claim on an image. The files are shared by fingerprint. */
export const imageEvents = {
  ImageCreated: z.object({
    ...place,
    ...writable,
    filename: z.string(),
    sizeBytes: z.number().int(),
    type: instanceType,
    architecture: z.string(),
    /** When the image was built, not when it was imported; the epoch when unknown. */
    createdAt: z.string(),
    uploadedAt: z.string(),
  }),
  ImageUpdated: z.object({ ...place, ...writable }),
  ImageDeleted: z.object(place),
} as const;
export type ImageEvent = EventOf<typeof imageEvents>;

/** Stream `imagefile-<fingerprint>`: which members hold the files. Facts, reported by agents. */
export const imageFileEvents = {
  ImageStoredOnMember: z.object({ fingerprint: z.string(), member: z.string() }),
  ImageRemovedFromMember: z.object({ fingerprint: z.string(), member: z.string() }),
} as const;
export type ImageFileEvent = EventOf<typeof imageFileEvents>;

const alias = { id: z.string(), project: z.string(), name: z.string() };

/** Stream `imagealias-<id>`. */
export const imageAliasEvents = {
  ImageAliasCreated: z.object({ ...alias, description: z.string(), type: instanceType, imageId: z.string(), target: z.string() }),
  ImageAliasUpdated: z.object({ ...alias, description: z.string(), type: instanceType, imageId: z.string(), target: z.string() }),
  ImageAliasRenamed: z.object({ ...alias, oldName: z.string() }),
  ImageAliasDeleted: z.object(alias),
} as const;
export type ImageAliasEvent = EventOf<typeof imageAliasEvents>;
