import { z } from 'zod';
import { devicesSchema, stringMap } from '../agent';
import type { EventOf } from './definition';

const place = { id: z.string(), project: z.string(), name: z.string() };
const content = { description: z.string(), config: stringMap, devices: devicesSchema };

/** Stream `profile-<id>`. */
export const profileEvents = {
  ProfileCreated: z.object({ ...place, ...content }),
  /** Always the whole new content: whoever expands an instance needs no earlier event. */
  ProfileUpdated: z.object({ ...place, ...content }),
  ProfileRenamed: z.object({ ...place, oldName: z.string() }),
  /** The project that the profile lives in was renamed. */
  ProfileMoved: z.object({ ...place, oldProject: z.string() }),
  ProfileDeleted: z.object(place),
} as const;
export type ProfileEvent = EventOf<typeof profileEvents>;
