/** The failure suite: real Postgres, real nats-server, real processes, kill -9. Zero lost, zero doubled. */
import { execFile, type ChildProcess } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import { eventually } from '@weft/testing';
import { createEventStore, type Cursor, type LogPage } from './index';
import { startFailureRig, type FailureRig } from './testing/failure-rig';
import { bookAmount, ledgerCommand, ledgerProjection, openAccount } from './testing/ledger';

jest.setTimeout(120_000);

let rig: FailureRig;
beforeEach(async () => {
  rig = await startFailureRig();
});
afterEach(() => rig.stop());

const COMMANDS = 400;
const progress = (events: number): Promise<boolean> => eventually(async () => (await rig.events()) >= events, { timeoutMs: 30_000, what: `${events} events` });

test('concurrent writers with readers: no reader misses or doubles an event, and order holds', async () => {
  const pools = Array.from({ length: 3 }, () => new Pool({ connectionString: rig.postgres.url, pipeline: true, max: 6 }));
  const stores = pools.map((pool) => createEventStore({ pool, schema: 'ledger', context: 'ledger', projections: [ledgerProjection], lanes: 4, maxBatch: 3 }));
  let writing = true;
  const reader = async (limit: number): Promise<string[]> => {
    const seen: string[] = [];
    let cursor: Cursor | undefined;
    for (let last = false; ;) {
      const page: LogPage = await stores[limit % 3]!.readAll(cursor, limit);
      seen.push(...page.events.map(({ id }) => id));
      cursor = page.next;
      if (page.events.length === 0 && !page.fenced && last) return seen;
      last = !writing;
    }
  };
  const readers = [7, 50, 500].map(reader);
  await Promise.all(
    Array.from({ length: 24 }, async (_, i) => {
      const store = stores[i % 3]!;
      const stream = `account-${i}`;
      await store.execute(ledgerCommand('Open', {}), openAccount(stream, stream));
      for (let n = 0; n < 60; n += 1) await store.execute(ledgerCommand('Book', { n }), bookAmount(stream, 1));
    }),
  );
  writing = false;
  const expected = (await rig.pool.query<{ id: string }>('SELECT id FROM ledger.event ORDER BY tx, position')).rows.map(({ id }) => id);
  expect(expected).toHaveLength(24 * 61);
  for (const seen of await Promise.all(readers)) expect(seen).toEqual(expected);
  await Promise.all(pools.map((pool) => pool.end()));
});

test('kill -9 of services, relays and consumers in mid-flight, two replicas of each', async () => {
  const start = (role: 'relay' | 'consumer'): Promise<ChildProcess> => rig.actor(role);
  const workers = { relay: [await start('relay'), await start('relay')], consumer: [await start('consumer'), await start('consumer')] };
  let services = await Promise.all(['a', 'b'].map((name) => rig.actor('service', name, COMMANDS)));
  for (const share of [0.15, 0.35, 0.6]) {
    await progress(COMMANDS * 2 * share);
    for (const role of ['relay', 'consumer'] as const) {
      const victim = workers[role].shift()!;
      await rig.kill(victim);
      workers[role].push(await start(role));
    }
    await Promise.all(services.map((service) => rig.kill(service)));
    services = await Promise.all(['a', 'b'].map((name) => rig.actor('service', name, COMMANDS)));
  }
  await Promise.all(services.map((service) => rig.finished(service)));
  await rig.verify(8, COMMANDS * 2);
});

test('kill -9 of Postgres in mid-flight', async () => {
  await rig.actor('relay');
  await rig.actor('consumer');
  const service = await rig.actor('service', 'a', COMMANDS);
  for (const share of [0.2, 0.6]) {
    await progress(COMMANDS * share);
    await rig.postgres.kill9();
    await rig.postgres.restart();
  }
  await rig.finished(service);
  await rig.verify(4, COMMANDS);
});

test('kill -9 of the broker in mid-flight', async () => {
  await rig.actor('relay');
  await rig.actor('consumer');
  const service = await rig.actor('service', 'a', COMMANDS);
  for (const share of [0.2, 0.6]) {
    await progress(COMMANDS * share);
    await rig.nats.kill9();
    await rig.nats.restart();
  }
  await rig.finished(service);
  await rig.verify(4, COMMANDS);
});

test('a broker thrown back to an older copy of its data, then to none', async () => {
  const copy = join(rig.nats.storeDir, '..', 'older-copy');
  await rig.actor('relay');
  await rig.actor('consumer');
  const service = await rig.actor('service', 'a', COMMANDS);
  await progress(COMMANDS * 0.2);
  await rig.nats.kill9();
  await mkdir(copy);
  await copyTree(rig.nats.storeDir, copy);
  await rig.nats.restart();
  await progress(COMMANDS * 0.5);
  await rig.nats.kill9();
  await replace(rig.nats.storeDir, copy);
  await rig.nats.restart();
  await progress(COMMANDS * 0.75);
  await rig.nats.kill9();
  await replace(rig.nats.storeDir);
  await rig.nats.restart();
  await rig.finished(service);
  await rig.verify(4, COMMANDS);
});

/** Copies with owners: the server does not run as we do. */
const copyTree = (from: string, to: string): Promise<unknown> => promisify(execFile)('cp', ['-a', `${from}/.`, to]);

/** Empties a directory in place and fills it from a copy. */
async function replace(dir: string, from?: string): Promise<void> {
  for (const entry of await readdir(dir)) await rm(join(dir, entry), { recursive: true });
  if (from) await copyTree(from, dir);
}
