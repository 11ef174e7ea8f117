import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

/** Stream `project-<id>`. The id stays when the name changes. */
export const projectEvents = {
  ProjectCreated: z.object({ id: z.string(), name: z.string(), description: z.string(), config: stringMap }),
  ProjectUpdated: z.object({ id: z.string(), name: z.string(), description: z.string(), config: stringMap }),
  ProjectRenamed: z.object({ id: z.string(), oldName: z.string(), name: z.string() }),
  ProjectDeleted: z.object({ id: z.string(), name: z.string() }),
} as const;
export type ProjectEvent = EventOf<typeof projectEvents>;
