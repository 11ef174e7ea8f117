import { connect } from '@nats-io/transport-node';
import { Pool } from 'pg';
import { createConsumer, createEventStore, createRelay, pokeRelay, requestEvents, serveEvents, silentLogger } from '@weft/event-store';
import { LedgerTables1700000000100, bookAmount, ledgerCommand, ledgerProjection, openAccount } from '../../libs/event-store/src/testing/ledger';

/** One append at a time: until its reply (durable, projected, readable here) and until another service committed it. */
export async function visibility(url: string, natsUrl: string, appends: number): Promise<{ reply: number[]; consumer: number[] }> {
  const pool = new Pool({ connectionString: url, pipeline: true, max: 10 });
  const nats = await connect({ servers: natsUrl });
  const store = createEventStore({
    pool,
    schema: 'bench_seen',
    context: 'bench',
    projections: [ledgerProjection],
    migrations: [LedgerTables1700000000100],
    onAppended: pokeRelay(nats, 'bench'),
  });
  await store.migrate();
  await createEventStore({ pool, schema: 'bench_reader', context: 'reader' }).migrate();
  await pool.query('CREATE TABLE IF NOT EXISTS bench_reader.seen (id uuid)');
  const relay = createRelay({ store, nats });
  const end = serveEvents(nats, store, silentLogger);
  let arrived: (() => void) | undefined;
  const consumer = createConsumer({
    name: 'seen',
    pool,
    schema: 'bench_reader',
    context: 'bench',
    nats,
    fetchFromProducer: requestEvents(nats, 'bench'),
    handle: async (events, client) => void (await client.query('INSERT INTO seen SELECT unnest($1::uuid[])', [events.map(({ id }) => id)])),
    committed: () => arrived?.(),
  });
  relay.start();
  consumer.start();
  const stream = 'account-seen';
  const reply: number[] = [];
  const delivered: number[] = [];
  for (let i = 0; i < appends; i += 1) {
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const began = performance.now();
    await (i === 0 ? store.execute(ledgerCommand('Open', {}), openAccount(stream, stream)) : store.execute(ledgerCommand('Book', {}), bookAmount(stream, 1)));
    reply.push(performance.now() - began);
    await arrival;
    delivered.push(performance.now() - began);
  }
  await Promise.all([relay.stop(), consumer.stop()]);
  end();
  await nats.close();
  await pool.query('DROP SCHEMA bench_seen CASCADE; DROP SCHEMA bench_reader CASCADE');
  await pool.end();
  const sorted = (values: number[]): number[] => values.slice(10).sort((a, b) => a - b);
  return { reply: sorted(reply), consumer: sorted(delivered) };
}
