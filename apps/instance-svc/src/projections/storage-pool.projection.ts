import type { StoragePoolEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { sortedMap } from '../domain/etag';
import { storagePoolEtag } from '../domain/storage-pool.state';

/** There are few pools and they change seldom: row by row is fine here. */
export const storagePoolProjection: InlineProjection = {
  name: 'storage_pool',
  tables: ['storage_pool'],
  handles: ['StoragePoolCreated', 'StoragePoolUpdated'],
  async project(events, client) {
    for (const { type, data } of events as readonly (ProjectedEvent & StoragePoolEvent)[]) {
      const { name, config, description } = data;
      const { rows } = await client.query<{ driver: string }>('SELECT driver FROM storage_pool WHERE name = $1', [name]);
      const driver = type === 'StoragePoolCreated' ? data.driver : (rows[0]?.driver ?? '');
      await client.query(
        `INSERT INTO storage_pool (name, driver, config, head, etag) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE SET config = excluded.config, head = excluded.head, etag = excluded.etag`,
        [name, driver, JSON.stringify(config), head(config, description, name, driver), storagePoolEtag({ name, driver, description, config })],
      );
    }
  },
};

/** LXD: config, description, name, driver, used_by, status, locations. */
const head = (config: Record<string, string>, description: string, name: string, driver: string): string =>
  JSON.stringify({ config: sortedMap(config), description, name, driver }).slice(0, -1);
