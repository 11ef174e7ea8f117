import type { Pool } from 'pg';
import { qualified } from '../schema/sql';
import type { Cursor } from '../types';

/** What a relay has still to publish. */
export interface Backlog {
  /** At most 1,000: enough to raise an alarm, and cheap to count. */
  events: number;
  /** Age of the oldest of them in milliseconds; 0 when there is none. */
  oldestMs: number;
}

const COUNTED = 1_000;

export async function backlogBehind(pool: Pool, schema: string, place: Cursor): Promise<Backlog> {
  const { rows } = await pool.query<{ events: number; oldest: string | null }>(
    `SELECT count(*)::int AS events, min(at) AS oldest FROM (
       SELECT meta ->> 'time' AS at FROM ${qualified(schema, 'event')}
        WHERE (tx, position) > ($1::xid8, $2::bigint) ORDER BY tx, position LIMIT $3) AS pending`,
    [place.tx, place.position, COUNTED],
  );
  const { events, oldest } = rows[0]!;
  return { events, oldestMs: oldest === null ? 0 : Math.max(0, Date.now() - Date.parse(oldest)) };
}
