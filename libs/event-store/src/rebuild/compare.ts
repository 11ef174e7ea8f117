import type { Pool } from 'pg';
import { identifier, qualified } from '../schema/sql';
import type { InlineProjection } from '../types';
import { rebuildProjection, type RebuildOptions } from './rebuild';

/** Every row of a projection's tables as JSON text, sorted: two equal lists mean equal projections. */
export async function projectionRows(pool: Pool, schema: string, projection: InlineProjection): Promise<Record<string, string[]>> {
  const contents: Record<string, string[]> = {};
  for (const table of projection.tables) {
    const { rows } = await pool.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${qualified(schema, table)} t ORDER BY 1`);
    contents[table] = rows.map(({ row }) => row);
  }
  return contents;
}

/**
 * Fails unless replaying the log gives exactly the rows that are there (invariant 4). Call it while nothing is written.
 * Columns drawn by the database (identity, now()) make any projection fail here, and rightly so.
 */
export async function expectFoldEqualsRows(store: RebuildOptions['store'], projection: InlineProjection): Promise<void> {
  const live = await projectionRows(store.pool, store.schema, projection);
  await rebuildProjection({ store, projection });
  const folded = await projectionRows(store.pool, store.schema, projection);
  for (const table of projection.tables) {
    const before = new Set(live[table]);
    const after = new Set(folded[table]);
    const differences = [...before]
      .filter((row) => !after.has(row))
      .map((row) => `- ${row}`)
      .concat([...after].filter((row) => !before.has(row)).map((row) => `+ ${row}`));
    if (differences.length > 0 || live[table]!.length !== folded[table]!.length) {
      throw new Error(`${identifier(table)}: fold(events) differs from the rows (- live, + folded):\n${differences.slice(0, 20).join('\n')}`);
    }
  }
}
