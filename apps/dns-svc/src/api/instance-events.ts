/** Projects and `core.dns_address`, from the instance service's log: written in the transaction of the reader's checkpoint. */
import { type ProjectEvent, type ServerEvent } from '@weft/contracts';
import type { RecordedEvent } from '@weft/event-store';
import type { ClientBase } from 'pg';
import { zonesProject } from '../domain/zone-restrictions';

export const INSTANCE_FACT_TYPES: readonly string[] = ['ProjectCreated', 'ProjectUpdated', 'ProjectRenamed', 'ProjectDeleted', 'ServerConfigUpdated'];
export const DNS_ADDRESS_KEY = 'core.dns_address';

export async function foldInstanceEvents(events: readonly RecordedEvent[], client: ClientBase): Promise<void> {
  for (const event of events as readonly (RecordedEvent & (ProjectEvent | ServerEvent))[]) await fold(event, client);
}

async function fold(event: ProjectEvent | ServerEvent, client: ClientBase): Promise<void> {
  switch (event.type) {
    case 'ProjectCreated':
    case 'ProjectUpdated': {
      const { id, name, config } = event.data;
      await client.query(
        `INSERT INTO project (id, name, zones_project, config) VALUES ($1, $2, $3, $4)
          ON CONFLICT (id) DO UPDATE SET name = excluded.name, zones_project = excluded.zones_project, config = excluded.config`,
        [id, name, zonesProject({ name, config }), JSON.stringify(config)],
      );
      return;
    }
    case 'ProjectRenamed': {
      const { id, oldName, name } = event.data;
      const own = 'CASE WHEN zones_project = $3 THEN $2 ELSE zones_project END';
      await client.query(`UPDATE project SET name = $2, zones_project = ${own} WHERE id = $1`, [id, name, oldName]);
      return;
    }
    case 'ProjectDeleted':
      await client.query('DELETE FROM project WHERE id = $1', [event.data.id]);
      return;
    case 'ServerConfigUpdated':
      await client.query('DELETE FROM server_setting WHERE key = $1', [DNS_ADDRESS_KEY]);
      if (event.data.config[DNS_ADDRESS_KEY])
        await client.query('INSERT INTO server_setting (key, value) VALUES ($1, $2)', [DNS_ADDRESS_KEY, event.data.config[DNS_ADDRESS_KEY]]);
      return;
    default:
      return event satisfies never;
  }
}
