import { Pool } from 'pg';
import { createEventStore, rebuildProjection } from '@weft/event-store';
import { LedgerTables1700000000100, ledgerProjection } from '../../libs/event-store/src/testing/ledger';

/** Rebuild of a projection with two tables, a foreign key and an aggregate, over a log of `events` in 1,000 streams. */
export async function rebuildRate(url: string, runs: number, events: number): Promise<{ rates: number[]; lockedMs: number[] }> {
  const pool = new Pool({ connectionString: url, max: 10 });
  const store = createEventStore({ pool, schema: 'bench_rebuild', context: 'bench', projections: [ledgerProjection], migrations: [LedgerTables1700000000100] });
  await store.migrate();
  await pool.query(
    `INSERT INTO bench_rebuild.event (stream, version, id, command_id, type, schema_version, data, meta)
     SELECT 'account-' || n % 1000, n / 1000 + 1, gen_random_uuid(), 'fill-' || n,
            CASE WHEN n < 1000 THEN 'AccountOpened' ELSE 'AmountBooked' END, 1,
            CASE WHEN n < 1000 THEN jsonb_build_object('name', 'account ' || n) ELSE jsonb_build_object('amount', n % 100) END,
            jsonb_build_object('actor', jsonb_build_object('protocol', 'unix', 'username', 'root', 'address', '@'), 'project', 'default',
              'requestId', gen_random_uuid(), 'correlationId', gen_random_uuid(), 'time', now())
       FROM generate_series(0, $1 - 1) AS n`,
    [events],
  );
  await pool.query('VACUUM ANALYZE bench_rebuild.event');
  const rates: number[] = [];
  const lockedMs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const report = await rebuildProjection({ store, projection: ledgerProjection });
    if (report.events !== events) throw new Error(`rebuilt ${report.events} of ${events} events`);
    rates.push(report.events / (report.tookMs / 1_000));
    lockedMs.push(report.lockedMs);
  }
  await pool.query('DROP SCHEMA bench_rebuild CASCADE');
  await pool.end();
  return { rates, lockedMs };
}
