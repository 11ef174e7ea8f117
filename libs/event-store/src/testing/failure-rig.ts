/** Servers, processes and the book-keeping of the failure suite. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Pool } from 'pg';
import { EVENTS_STREAM } from '@weft/contracts';
import { eventually, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import { createEventStore, expectFoldEqualsRows } from '../index';
import type { ActorOptions } from './actor';
import { LedgerTables1700000000100, ledgerProjection } from './ledger';

export interface FailureRig {
  postgres: TestPostgres;
  nats: TestNats;
  pool: Pool;
  /** Starts a process; resolves when it is at work. */
  actor(role: ActorOptions['role'], name?: string, commands?: number): Promise<ChildProcess>;
  /** kill -9, and gone. */
  kill(actor: ChildProcess): Promise<void>;
  /** Resolves when a service process has had all its answers. */
  finished(actor: ChildProcess): Promise<void>;
  events(): Promise<number>;
  seen(): Promise<number>;
  /** Zero lost, zero doubled: ledger = log, the reader's rows = log, in its order, and everything is in the stream. */
  verify(accounts: number, bookings: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startFailureRig(): Promise<FailureRig> {
  const [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  const pool = new Pool({ connectionString: postgres.url, max: 5 });
  const store = createEventStore({ pool, schema: 'ledger', context: 'ledger', projections: [ledgerProjection], migrations: [LedgerTables1700000000100] });
  await store.migrate();
  await createEventStore({ pool, schema: 'reader', context: 'reader' }).migrate();
  await pool.query('CREATE TABLE reader.seen (ord int GENERATED ALWAYS AS IDENTITY, id uuid, type text)');
  const actors = new Set<ChildProcess>();
  const count = async (table: string): Promise<number> => Number((await pool.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]!.n);

  const kill = async (actor: ChildProcess): Promise<void> => {
    if (actor.exitCode !== null || actor.signalCode !== null) return;
    actor.kill('SIGKILL');
    await once(actor, 'exit');
  };

  return {
    postgres,
    nats,
    pool,
    kill,
    async actor(role, name = role, commands = 0) {
      const options: ActorOptions = { role, name, commands, postgres: postgres.url, nats: nats.url };
      const execArgv = ['-r', join(__dirname, '../../../testing/source-hook.cjs')];
      const actor = fork(join(__dirname, 'actor.ts'), [JSON.stringify(options)], {
        execArgv,
        stdio: ['ignore', 'ignore', process.env['WEFT_TEST_LOG'] ? 'inherit' : 'ignore', 'ipc'],
      });
      actors.add(actor);
      await once(actor, 'message');
      return actor;
    },
    async finished(actor) {
      if (actor.exitCode === null && actor.signalCode === null) await once(actor, 'exit');
      if (actor.exitCode !== 0) throw new Error(`service ended with ${actor.exitCode ?? actor.signalCode}`);
    },
    events: () => count('ledger.event'),
    seen: () => count('reader.seen'),
    async verify(accounts, bookings) {
      const { rows } = await pool.query('SELECT count(*)::int AS accounts, sum(total)::int AS total, sum(bookings)::int AS bookings FROM ledger.account');
      expect(rows[0]).toEqual({ accounts, total: bookings, bookings });
      expect(await count('ledger.event')).toBe(accounts + bookings);
      await eventually(async () => (await count('reader.seen')) >= accounts + bookings, { timeoutMs: 20_000, what: 'the reader' });
      const order = await pool.query<{ same: boolean }>(
        `SELECT (SELECT array_agg(id ORDER BY ord) FROM reader.seen) = (SELECT array_agg(id ORDER BY tx, position) FROM ledger.event) AS same`,
      );
      expect(order.rows[0]!.same).toBe(true);
      await eventually(async () => (await storedIds(nats.url)).size === accounts + bookings, { timeoutMs: 20_000, intervalMs: 100, what: 'the stream' });
      await expectFoldEqualsRows(store, ledgerProjection);
    },
    async stop() {
      await Promise.all([...actors].map(kill));
      await pool.end();
      await Promise.all([postgres.stop(), nats.stop()]);
    },
  };
}

/** Ids of the events that JetStream holds now. */
async function storedIds(url: string): Promise<Set<string>> {
  const nats = await connect({ servers: url });
  try {
    const jsm = await jetstreamManager(nats);
    const { first_seq: first, last_seq: last } = (await jsm.streams.info(EVENTS_STREAM)).state;
    const ids = new Set<string>();
    for (let from = first; from <= last; from += 100) {
      const sequences = Array.from({ length: Math.min(100, last - from + 1) }, (_, i) => from + i);
      const messages = await Promise.all(sequences.map((seq) => jsm.streams.getMessage(EVENTS_STREAM, { seq })));
      for (const message of messages) if (message) ids.add(message.header.get('ce-id'));
    }
    return ids;
  } finally {
    await nats.close();
  }
}
