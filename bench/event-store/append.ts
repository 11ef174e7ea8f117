import { Client, Pool } from 'pg';
import { newId } from '@weft/contracts';
import { createEventStore, type EventStore } from '@weft/event-store';
import { accountFold, ledgerCommand } from '../../libs/event-store/src/testing/ledger';

export interface AppendResult {
  name: string;
  store: number[];
  bare: number[];
}

interface Case {
  name: string;
  writers: number;
  /** Aggregates that the writers share. */
  streams: number;
}

const CASES: readonly Case[] = [
  { name: '1 writer', writers: 1, streams: 1 },
  { name: '64 writers', writers: 64, streams: 64 },
  { name: '16 on one aggregate', writers: 16, streams: 1 },
];

export async function appendRates(url: string, runs: number, seconds: number): Promise<AppendResult[]> {
  const pool = new Pool({ connectionString: url, max: 10 });
  const schema = 'bench_append';
  const store = createEventStore({ pool, schema, context: 'bench' });
  await store.migrate();
  await pool.query(`DROP TABLE IF EXISTS ${schema}.bare; CREATE TABLE ${schema}.bare (LIKE ${schema}.event INCLUDING ALL)`);
  const results = CASES.map(({ name }) => ({ name, store: [] as number[], bare: [] as number[] }));
  for (let run = 0; run <= runs; run += 1) {
    for (const [index, each] of CASES.entries()) {
      const bare = await bareRate(url, schema, each, seconds);
      const rate = await storeRate(store, each, seconds);
      // The first run warms caches and prepared statements on both sides and does not count.
      if (run === 0) continue;
      results[index]!.bare.push(bare);
      results[index]!.store.push(rate);
    }
  }
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
  return results;
}

async function forSeconds(seconds: number, writers: number, write: (writer: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const ends = began + seconds * 1_000;
  let done = 0;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      while (performance.now() < ends) {
        await write(writer);
        done += 1;
      }
    }),
  );
  return done / ((performance.now() - began) / 1_000);
}

const DATA = { amount: 1, text: 'a booking with some words in it, as events have', keys: { 'limits.cpu': '2', 'limits.memory': '1GiB' } };

async function storeRate(store: EventStore, { writers, streams }: Case, seconds: number): Promise<number> {
  const run = newId();
  return forSeconds(seconds, writers, (writer) => {
    const stream = `account-${run}-${writer % streams}`;
    return store.execute(ledgerCommand('Book', {}), async (uow) => {
      await uow.load(accountFold, stream);
      uow.append(stream, [{ type: 'AmountBooked', data: DATA }]);
    });
  });
}

async function bareRate(url: string, schema: string, { writers }: Case, seconds: number): Promise<number> {
  const clients = Array.from({ length: writers }, () => new Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const streams = clients.map(() => `account-${newId()}`);
  const versions = clients.map(() => 0);
  const rate = await forSeconds(seconds, writers, (writer) => {
    const { meta, id } = ledgerCommand('Book', {});
    return clients[writer]!.query({
      name: 'bare',
      text: `INSERT INTO ${schema}.bare (stream, version, id, command_id, type, schema_version, data, meta) VALUES ($1, $2, $3, $4, 'AmountBooked', 1, $5, $6) RETURNING tx, position`,
      values: [streams[writer], (versions[writer]! += 1), newId(), id, JSON.stringify(DATA), JSON.stringify({ ...meta, time: new Date().toISOString() })],
    });
  });
  await Promise.all(clients.map((client) => client.end()));
  return rate;
}
