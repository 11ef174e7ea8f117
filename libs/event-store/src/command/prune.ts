import type { Pool } from 'pg';
import { qualified } from '../schema/sql';

/** Rows per transaction: while one runs, readers of the log wait behind it (the cursor ends at pg_snapshot_xmin). */
const BATCH = 2_000;

export interface PruneOptions {
  /** Rows per transaction. */
  batch?: number;
  /** Ends the work between two batches. */
  signal?: AbortSignal;
}

/**
 * Deletes the results of commands older than `keepMs`; a repeat of such a command would be executed again. Returns how
 * many. Looking for them takes no transaction id, so nobody waits for a search that finds nothing.
 */
export async function pruneCommandLog(pool: Pool, schema: string, keepMs: number, options: PruneOptions = {}): Promise<number> {
  const { batch = BATCH, signal } = options;
  const log = qualified(schema, 'command_log');
  const sql = `DELETE FROM ${log} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${log} WHERE at < now() - make_interval(secs => $1) LIMIT $2))`;
  for (let total = 0; ;) {
    const deleted = (await pool.query(sql, [keepMs / 1000, batch])).rowCount ?? 0;
    total += deleted;
    if (deleted < batch || signal?.aborted) return total;
  }
}
