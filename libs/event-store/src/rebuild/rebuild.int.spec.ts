import { Pool } from 'pg';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { createEventStore, expectFoldEqualsRows, projectionRows, rebuildProjection, type EventStore } from '../index';
import { LedgerTables1700000000100, bookAmount, ledgerCommand, ledgerProjection, openAccount } from '../testing/ledger';

jest.setTimeout(60_000);

let postgres: TestPostgres;
let pool: Pool;
let store: EventStore;

beforeAll(async () => {
  postgres = await startPostgres();
  pool = new Pool({ connectionString: postgres.url, max: 10 });
  store = createEventStore({ pool, schema: 'ledger', context: 'ledger', projections: [ledgerProjection], migrations: [LedgerTables1700000000100] });
  await store.migrate();
  await pool.query(`
    CREATE ROLE reader;
    CREATE TABLE ledger.remark (stream text REFERENCES ledger.account (stream), text text);
    CREATE INDEX booking_amount ON ledger.booking (amount) WHERE amount > 0;
    CREATE VIEW ledger.rich AS SELECT name, total FROM ledger.account WHERE total > 10;
    CREATE SCHEMA published;
    CREATE VIEW published.names WITH (security_barrier = true) AS SELECT name FROM ledger.rich;
    GRANT SELECT ON published.names TO reader; GRANT INSERT ON ledger.account TO reader; GRANT SELECT ON ledger.account TO reader`);
});

afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

const open = (stream: string): Promise<unknown> => store.execute(ledgerCommand('Open', { stream }), openAccount(stream, stream));
const book = (stream: string): Promise<unknown> => store.execute(ledgerCommand('Book', {}), bookAmount(stream, 1));

const shape = async (): Promise<unknown[]> =>
  (
    await pool.query(`
      SELECT 'constraint' AS kind, conrelid::regclass::text AS of, conname AS name, pg_get_constraintdef(oid) AS text, convalidated::text AS more
        FROM pg_constraint WHERE connamespace = 'ledger'::regnamespace AND contype <> 'n'
      UNION ALL SELECT 'index', tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'ledger'
      UNION ALL SELECT 'view', n.nspname, c.relname, pg_get_viewdef(c.oid), c.reloptions::text || c.relacl::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'v' AND nspname IN ('ledger', 'published')
      UNION ALL SELECT 'grants', 'ledger', relname, relacl::text, '' FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r'
      UNION ALL SELECT 'schema', nspname, '', '', '' FROM pg_namespace WHERE nspname LIKE 'ledger%'
      ORDER BY 1, 2, 3`)
  ).rows;

test('a rebuild leaves shape, names, keys, views and grants as they were, and repairs the rows', async () => {
  for (const stream of ['account-a', 'account-b', 'account-c']) await open(stream);
  for (let i = 0; i < 20; i += 1) await book('account-a');
  await pool.query(`INSERT INTO ledger.remark VALUES ('account-a', 'hello')`);
  const before = await shape();
  const rows = await projectionRows(pool, 'ledger', ledgerProjection);
  await pool.query(`UPDATE ledger.account SET total = 999`);
  await rebuildProjection({ store, projection: ledgerProjection });
  expect(await shape()).toEqual(before);
  expect(await projectionRows(pool, 'ledger', ledgerProjection)).toEqual(rows);
  expect((await pool.query('SELECT * FROM published.names')).rows).toEqual([{ name: 'account-a' }]);
  await expect(store.execute(ledgerCommand('Open', {}), openAccount('account-d', 'account-a'))).rejects.toMatchObject({ constraint: 'account_name_unique' });
});

test('fold(events) = rows, and a difference is shown', async () => {
  await expectFoldEqualsRows(store, ledgerProjection);
  await pool.query(`UPDATE ledger.account SET total = 5 WHERE stream = 'account-b'`);
  await expect(expectFoldEqualsRows(store, ledgerProjection)).rejects.toThrow(/account-b/);
  await expectFoldEqualsRows(store, ledgerProjection);
});

test('rebuilds while appends go on lose nothing and double nothing', async () => {
  let stop = false;
  let booked = 0;
  const streams = Array.from({ length: 8 }, (_, i) => `account-busy-${i}`);
  for (const stream of streams) await open(stream);
  const writers = streams.map(async (stream) => {
    while (!stop) {
      await book(stream);
      booked += 1;
    }
  });
  const reports = [];
  for (let i = 0; i < 5; i += 1) reports.push(await rebuildProjection({ store, projection: ledgerProjection }));
  stop = true;
  await Promise.all(writers);
  const { rows } = await pool.query(`SELECT sum(total)::int AS total, sum(bookings)::int AS bookings FROM ledger.account WHERE stream LIKE 'account-busy-%'`);
  expect(rows[0]).toEqual({ total: booked, bookings: booked });
  expect(booked).toBeGreaterThan(50);
  await expectFoldEqualsRows(store, ledgerProjection);
});

test('one rebuild of a projection at a time', async () => {
  const outcomes = await Promise.allSettled([1, 2].map(() => rebuildProjection({ store, projection: ledgerProjection })));
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});
