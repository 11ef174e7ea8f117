import type { EventStore } from '@weft/event-store';
import type { Logger } from '@weft/platform';
import type { Pool } from 'pg';
import type { DataPlane } from './clients/data-plane.client';
import type { HostClient } from './clients/host.client';
import type { ProjectClient } from './clients/project.client';
import type { ZoneClient } from './clients/zone.client';

/** What commands and reconcilers work with; put together in `composition.ts` and nowhere else. */
export interface Deps {
  store: EventStore;
  /** Search path is the service's schema. For reads only: writes go through `store`. */
  pool: Pool;
  log: Logger;
  dataPlane: DataPlane;
  zones: ZoneClient;
  hosts: HostClient;
  projects: ProjectClient;
}
