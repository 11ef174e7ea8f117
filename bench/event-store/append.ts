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
  { name: '64 writers', writers: 64, streams: 64 },
  { name: '1 writer', writers: 1, streams: 1 },
  { name: '16 on one aggregate', writers: 16, streams: 1 },
];

/** A peer that is ready to write: `write(writer)` resolves when that writer's next event is durable. */
interface Peer {
  write(writer: number): Promise<unknown>;
  end(): Promise<void>;
}

/** Events that each peer writes before anything counts: until V8 has compiled its code and Postgres its plans. */
const WARM_UP = { crowd: 15_000, alone: 3_000 };

/** @param runs slices per peer and case; the peers take turns, and so does who goes first */
export async function appendRates(url: string, runs: number, seconds: number): Promise<AppendResult[]> {
  const pool = new Pool({ connectionString: url, pipeline: true, max: 10 });
  const schema = 'bench_append';
  const store = createEventStore({ pool, schema, context: 'bench' });
  await store.migrate();
  await pool.query(`DROP TABLE IF EXISTS ${schema}.bare; CREATE TABLE ${schema}.bare (LIKE ${schema}.event INCLUDING ALL)`);
  const results: AppendResult[] = [];
  for (const each of CASES) {
    const peers = { store: storePeer(store, each), bare: await barePeer(url, schema, each) };
    const result: AppendResult = { name: each.name, store: [], bare: [] };
    for (const peer of Object.values(peers)) await writeMany(peer, each.writers, each.writers > 1 ? WARM_UP.crowd : WARM_UP.alone);
    for (let run = 0; run < runs; run += 1) {
      const order = run % 2 === 0 ? (['bare', 'store'] as const) : (['store', 'bare'] as const);
      for (const name of order) result[name].push(await forSeconds(seconds, each.writers, (writer) => peers[name].write(writer)));
    }
    for (const peer of Object.values(peers)) await peer.end();
    results.push(result);
  }
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
  return results;
}

async function writeMany(peer: Peer, writers: number, events: number): Promise<void> {
  let left = events;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      while ((left -= 1) >= 0) await peer.write(writer);
    }),
  );
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

function storePeer(store: EventStore, { streams }: Case): Peer {
  const run = newId();
  return {
    write: (writer) => {
      const stream = `account-${run}-${writer % streams}`;
      return store.execute(ledgerCommand('Book', {}), async (uow) => {
        await uow.load(accountFold, stream);
        uow.append(stream, [{ type: 'AmountBooked', data: DATA }]);
      });
    },
    end: () => Promise.resolve(),
  };
}

/** What any service that writes events by hand would do. */
async function barePeer(url: string, schema: string, { writers }: Case): Promise<Peer> {
  const clients = Array.from({ length: writers }, () => new Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const streams = clients.map(() => `account-${newId()}`);
  const versions = clients.map(() => 0);
  return {
    write: (writer) => {
      const { meta, id } = ledgerCommand('Book', {});
      return clients[writer]!.query({
        name: 'bare',
        text: `INSERT INTO ${schema}.bare (stream, version, id, command_id, type, schema_version, data, meta) VALUES ($1, $2, $3, $4, 'AmountBooked', 1, $5, $6) RETURNING tx, position`,
        values: [streams[writer], (versions[writer]! += 1), newId(), id, JSON.stringify(DATA), JSON.stringify({ ...meta, time: new Date().toISOString() })],
      });
    },
    end: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
}
