/**
 * One process of the failure suite, to be killed at any moment. `argv[2]` is JSON: `ActorOptions`.
 *
 *   service   executes commands with repeatable ids until each has an answer, like a patient client
 *   relay     publishes the ledger's log and answers readers
 *   consumer  writes one row per event, without any unique index that could hide a double
 */
import { connect } from '@nats-io/transport-node';
import { Pool } from 'pg';
import { WeftError } from '@weft/contracts';
import { createConsumer, createEventStore, createRelay, pokeRelay, requestEvents, serveEvents, type StoreLogger } from '../index';
import { bookAmount, ledgerCommand, ledgerProjection, openAccount } from './ledger';

export interface ActorOptions {
  role: 'service' | 'relay' | 'consumer';
  postgres: string;
  nats: string;
  /** Prefix of command ids and accounts; a restarted service uses the same. */
  name: string;
  /** Commands of a service. */
  commands: number;
}

const LEASE_MS = 700;
const options = JSON.parse(process.argv[2]!) as ActorOptions;
const pool = new Pool({ connectionString: options.postgres, pipeline: true, max: 6, connectionTimeoutMillis: 2_000 });
pool.on('error', () => undefined);
const say =
  (level: string) =>
  (fields: object, message: string): void => {
    const { err, ...rest } = fields as { err?: Error };
    process.stderr.write(`${level} ${options.role} ${message} ${JSON.stringify(rest)} ${err?.message ?? ''}\n`);
  };
const logger: StoreLogger = { debug: () => undefined, info: say('info'), warn: say('warn'), error: say('error') };

async function main(): Promise<void> {
  const nats = await connect({ servers: options.nats, maxReconnectAttempts: -1, reconnectTimeWait: 50, waitOnFirstConnect: true });
  const store = createEventStore({ pool, schema: 'ledger', context: 'ledger', projections: [ledgerProjection], onAppended: pokeRelay(nats, 'ledger'), logger });
  if (options.role === 'relay') {
    serveEvents(nats, store, logger);
    createRelay({ store, nats, leaseMs: LEASE_MS, verifyMs: 500, logger }).start();
  } else if (options.role === 'consumer') {
    createConsumer({
      name: 'seen',
      pool,
      schema: 'reader',
      context: 'ledger',
      nats,
      fetchFromProducer: requestEvents(nats, 'ledger'),
      leaseMs: LEASE_MS,
      idleMs: 500,
      batch: 40,
      logger,
      handle: async (events, client) => {
        await client.query('INSERT INTO seen (id, type) SELECT * FROM unnest($1::uuid[], $2::text[])', [
          events.map(({ id }) => id),
          events.map(({ type }) => type),
        ]);
      },
    }).start();
  } else {
    await serve(store);
    process.exit(0);
  }
  process.send?.('ready');
}

/** Four clients, an account each; every command is repeated with its id until somebody answers. */
async function serve(store: ReturnType<typeof createEventStore>): Promise<void> {
  process.send?.('ready');
  await Promise.all(
    Array.from({ length: 4 }, async (_, client) => {
      const stream = `account-${options.name}-${client}`;
      await answered(() => store.execute(ledgerCommand('Open', { stream }, `${stream}-open`), openAccount(stream, stream)));
      for (let i = 0; i < options.commands / 4; i += 1) {
        await answered(() => store.execute(ledgerCommand('Book', { i }, `${stream}-${i}`), bookAmount(stream, 1)));
      }
    }),
  );
}

async function answered(attempt: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!(error instanceof WeftError && error.code === 'service.unavailable')) throw error;
    }
  }
}

// A test run that was killed leaves nobody behind.
process.on('disconnect', () => process.exit(1));

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
