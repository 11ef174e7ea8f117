import { eventually, startPostgres, type TestPostgres } from '@weft/testing';
import { newId } from '@weft/contracts';
import { pruneCommandLog } from '@weft/event-store';
import { createPruning } from '@weft/service';
import { startResourceService, type ResourceService } from '../testing/resource-service';

const DAY_MS = 24 * 3_600_000;
const keep = { commandLogMs: 7 * DAY_MS, sagaMs: 7 * DAY_MS };

let postgres: TestPostgres;
let service: ResourceService;

beforeAll(async () => {
  postgres = await startPostgres();
  service = await startResourceService(postgres.url);
}, 60_000);
afterAll(async () => {
  await service.close();
  await postgres.stop();
});

const count = async (sql: string): Promise<number> => (await service.pool.query(sql)).rowCount ?? 0;
const logged = (age: string, number: number) =>
  service.pool.query(
    `INSERT INTO command_log (id, name, hash, result, at) SELECT $1 || n, 'old', '', '{}', now() - $2::interval FROM generate_series(1, $3::int) AS n`,
    [newId(), age, number],
  );
const saga = (status: string, age: string) =>
  service.pool.query(`INSERT INTO saga (id, type, params, status, finished_at) VALUES ($1, 'test', '{}', $2, now() - $3::interval)`, [newId(), status, age]);

it('deletes what is old, on one replica, and nothing else', async () => {
  await logged('8 days', 3);
  await logged('6 days', 2);
  await saga('done', '8 days');
  await saga('failed', '8 days');
  await saga('done', '6 days');
  await saga('running', '8 days');
  const events = await count('SELECT FROM event');
  const recent = (await count('SELECT FROM command_log')) - 3;
  const replicas = [0, 1].map(() => createPruning({ pool: service.pool, schema: 'instance', keep, log: service.deps.log }));
  for (const replica of replicas) replica.start();
  await eventually(async () => (await count("SELECT FROM saga WHERE type = 'test'")) === 2 || Promise.reject(new Error('sagas are still there')));
  await Promise.all(replicas.map((replica) => replica.stop()));
  expect(await count('SELECT FROM command_log')).toBe(recent);
  expect(await count("SELECT FROM saga WHERE type = 'test' AND status = 'running'")).toBe(1);
  expect(await count('SELECT FROM event')).toBe(events);
  const { rows } = await service.pool.query<{ epoch: string }>(`SELECT epoch FROM checkpoint WHERE name = 'pruning'`);
  expect(rows).toHaveLength(1);
});

it('takes many in small transactions, and stops between two', async () => {
  await logged('8 days', 25);
  const stop = new AbortController();
  stop.abort();
  expect(await pruneCommandLog(service.pool, 'instance', keep.commandLogMs, { batch: 10, signal: stop.signal })).toBe(10);
  expect(await pruneCommandLog(service.pool, 'instance', keep.commandLogMs, { batch: 10 })).toBe(15);
});
