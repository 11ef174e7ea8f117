import type { EventStore } from '@weft/event-store';
import type { Logger } from '@weft/platform';
import type { Pool } from 'pg';

/** What commands and reconcilers work with; put together in `composition.ts` and nowhere else. */
export interface Deps {
  store: EventStore;
  /** Search path is the service's schema. For reads only: writes go through `store`. */
  pool: Pool;
  log: Logger;
  projects: ProjectDirectory;
}

/** What is known of projects, from the instance service's log. */
export interface ProjectDirectory {
  /** Waits a little for one that was made just now. @throws WeftError `project.not-found` */
  find(name: string): Promise<{ name: string; config: Record<string, string> }>;
}
