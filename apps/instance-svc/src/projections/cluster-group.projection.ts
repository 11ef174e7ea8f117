import type { ClusterGroupEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';

/** There are few groups and they change seldom: row by row is fine here. */
export const clusterGroupProjection: InlineProjection = {
  name: 'cluster_group',
  tables: ['cluster_group'],
  handles: ['ClusterGroupCreated', 'ClusterGroupUpdated', 'ClusterGroupRenamed', 'ClusterGroupDeleted'],
  async project(events, client) {
    for (const { type, data } of events as readonly (ProjectedEvent & ClusterGroupEvent)[]) {
      if (type === 'ClusterGroupDeleted') await client.query('DELETE FROM cluster_group WHERE id = $1', [data.id]);
      else if (type === 'ClusterGroupRenamed') await client.query('UPDATE cluster_group SET name = $2 WHERE id = $1', [data.id, data.name]);
      else
        await client.query(
          `INSERT INTO cluster_group (id, name, description) VALUES ($1, $2, $3)
           ON CONFLICT (id) DO UPDATE SET description = excluded.description`,
          [data.id, data.name, data.description],
        );
    }
  },
};
