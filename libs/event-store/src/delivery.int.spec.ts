import { connect, type NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { Pool } from 'pg';
import { EVENTS_STREAM, newId, pokeSubject } from '@weft/contracts';
import { eventually, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import {
  START,
  createConsumer,
  createEventStore,
  createRelay,
  fromMessage,
  requestEvents,
  serveEvents,
  silentLogger,
  type EventStore,
  type Relay,
  type Worker,
} from './index';
import { formatCursor } from './cursor';
import { LedgerTables1700000000100, bookAmount, ledgerCommand, ledgerProjection, openAccount } from './testing/ledger';

jest.setTimeout(60_000);

let postgres: TestPostgres;
let server: TestNats;
let nats: NatsConnection;
let pool: Pool;
let store: EventStore;
let relay: Relay;
let endService: () => void;

beforeAll(async () => {
  [postgres, server] = await Promise.all([startPostgres(), startNats()]);
  pool = new Pool({ connectionString: postgres.url, pipeline: true, max: 10 });
  nats = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  store = createEventStore({
    pool,
    schema: 'ledger',
    context: 'ledger',
    projections: [ledgerProjection],
    migrations: [LedgerTables1700000000100],
    onAppended: (_events, place) => relay.wake(place),
  });
  await store.migrate();
  await createEventStore({ pool, schema: 'reader', context: 'reader' }).migrate();
  await pool.query('CREATE TABLE reader.seen (ord int GENERATED ALWAYS AS IDENTITY, id uuid, type text)');
  relay = createRelay({ store, nats, leaseMs: 1_000 });
  relay.start();
  endService = serveEvents(nats, store, silentLogger);
});

afterAll(async () => {
  await relay.stop();
  endService();
  await nats.close();
  await pool.end();
  await Promise.all([postgres.stop(), server.stop()]);
});

const consumer = (more: Partial<Parameters<typeof createConsumer>[0]> = {}): Worker =>
  createConsumer({
    name: 'seen',
    pool,
    schema: 'reader',
    context: 'ledger',
    nats,
    fetchFromProducer: requestEvents(nats, 'ledger'),
    leaseMs: 1_000,
    handle: async (events, client) => {
      await client.query('INSERT INTO seen (id, type) SELECT * FROM unnest($1::uuid[], $2::text[])', [
        events.map(({ id }) => id),
        events.map(({ type }) => type),
      ]);
    },
    ...more,
  });
const written = async (): Promise<string[]> => (await pool.query('SELECT id FROM ledger.event ORDER BY tx, position')).rows.map(({ id }: { id: string }) => id);
const seen = async (): Promise<string[]> => (await pool.query('SELECT id FROM reader.seen ORDER BY ord')).rows.map(({ id }: { id: string }) => id);
const caughtUp = (): Promise<boolean> => eventually(async () => (expect(await seen()).toEqual(await written()), true), { timeoutMs: 20_000 });

let accounts = 0;
const write = async (bookings: number): Promise<void> => {
  const stream = `account-${++accounts}`;
  await store.execute(ledgerCommand('Open', { stream }), openAccount(stream, stream));
  await Promise.all(Array.from({ length: bookings }, () => store.execute(ledgerCommand('Book', {}), bookAmount(stream, 1))));
};

test('events reach the stream as CloudEvents that name the event before them', async () => {
  await write(2);
  const jsm = await jetstreamManager(nats);
  const first = await eventually(() => jsm.streams.getMessage(EVENTS_STREAM, { seq: 1 }));
  expect(first.subject).toBe('weft.event.ledger.default.account.1');
  const header = (name: string): string => first.header.get(name);
  expect([header('ce-specversion'), header('ce-type'), header('ce-source'), header('ce-subject')]).toEqual([
    '1.0',
    'AccountOpened',
    '/weft/ledger',
    'account-1',
  ]);
  expect(fromMessage(first.header, first.data)).toEqual({ event: (await store.readStream('account-1'))[0], previous: START });
  const next = await eventually(() => jsm.streams.getMessage(EVENTS_STREAM, { seq: 2 }));
  const second = fromMessage(next.header, next.data);
  expect(second.previous).toEqual({ tx: header('weft-tx'), position: header('weft-position') });
});

test('a consumer that starts late gets the past from the producer and the rest from the stream, once and in order', async () => {
  const reader = consumer();
  reader.start();
  await caughtUp();
  await write(50);
  await caughtUp();
  await reader.stop();
  await write(20);
  const again = consumer();
  again.start();
  await caughtUp();
  await again.stop();
});

test('a handler that fails is tried again and leaves no half effect', async () => {
  let failures = 2;
  const reader = consumer({
    handle: async (events, client) => {
      for (const event of events) {
        await client.query('INSERT INTO seen (id, type) VALUES ($1, $2)', [event.id, event.type]);
        if (failures > 0 && failures--) throw new Error('injected');
      }
    },
  });
  reader.start();
  await write(5);
  await caughtUp();
  expect(failures).toBe(0);
  await reader.stop();
});

test('two replicas of a consumer: one works, the other takes over', async () => {
  const replicas = [consumer(), consumer()];
  for (const replica of replicas) replica.start();
  await write(30);
  await caughtUp();
  await replicas[0]!.stop();
  await write(30);
  await caughtUp();
  await replicas[1]!.stop();
});

test('a deleted stream is made and filled again, and nothing is missed meanwhile', async () => {
  const reader = consumer();
  reader.start();
  await write(3);
  await caughtUp();
  const jsm = await jetstreamManager(nats);
  await jsm.streams.delete(EVENTS_STREAM);
  await write(30);
  await caughtUp();
  const count = (await written()).length;
  await eventually(async () => (await jsm.streams.info(EVENTS_STREAM)).state.messages >= count);
  await reader.stop();
});

test('a reader of another process cannot ask for nonsense', async () => {
  await expect(requestEvents(nats, 'ledger')({ tx: 'x', position: '1' }, 10)).rejects.toMatchObject({ code: 'request.invalid' });
});

test('the relay tells what the stream does not have yet, also while the broker is away', async () => {
  const backlog = () => relay.backlog();
  await eventually(async () => (expect(await backlog()).toEqual({ events: 0, oldestMs: 0 }), true), { timeoutMs: 20_000 });
  await server.kill9();
  try {
    await write(2);
    await eventually(async () => (expect(await backlog()).toEqual({ events: 3, oldestMs: expect.any(Number) as unknown }), true), { timeoutMs: 20_000 });
  } finally {
    await server.restart();
  }
  await eventually(async () => (expect(await backlog()).toEqual({ events: 0, oldestMs: 0 }), true), { timeoutMs: 20_000 });
});

test('whoever listens hears of an append at once, also beside the relay that leads', async () => {
  const heard: string[] = [];
  const listening = nats.subscribe(pokeSubject('ledger'), { callback: (_, message) => void heard.push(message.string()) });
  await nats.flush();
  const stream = `account-${newId()}`;
  const { cursor } = await store.execute(ledgerCommand('OpenAccount', {}), openAccount(stream, stream));
  await eventually(() => heard.includes(formatCursor(cursor!)), { what: 'the poke' });
  listening.unsubscribe();
});
