import type { Meta } from '@weft/contracts';
import type { Pool } from 'pg';

/** Ports of the instance that are still to leave OVN: what the open sagas `ports.release` carry. */
export async function findPortReleases(pool: Pool, instanceId: string): Promise<{ meta: Meta; commandId: string }[]> {
  const { rows } = await pool.query<{ meta: Meta; commandId: string }>({
    name: 'open-port-releases',
    text: `SELECT params -> 'meta' AS meta, params ->> 'commandId' AS "commandId" FROM saga
            WHERE status = 'running' AND type = 'ports.release' AND params ->> 'instanceId' = $1 ORDER BY created_at`,
    values: [instanceId],
  });
  return rows;
}
