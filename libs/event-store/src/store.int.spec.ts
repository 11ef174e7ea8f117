import { AsyncLocalStorage } from 'node:async_hooks';
import { Pool } from 'pg';
import { WeftError, newId } from '@weft/contracts';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { ConstraintViolation, VersionConflict, createEventStore, type EventStore, type InlineProjection } from './index';
import { LedgerTables1700000000100, accountFold, bookAmount, ledgerCommand, ledgerProjection, openAccount } from './testing/ledger';

let postgres: TestPostgres;
let pool: Pool;
let store: EventStore;

const makeStore = (): EventStore =>
  createEventStore({ pool, schema: 'ledger', context: 'ledger', projections: [ledgerProjection], migrations: [LedgerTables1700000000100] });

beforeAll(async () => {
  postgres = await startPostgres();
  pool = new Pool({ connectionString: postgres.url, pipeline: true, max: 8 });
  store = makeStore();
  await Promise.all([store.migrate(), makeStore().migrate()]);
}, 60_000);

afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

const open = async (name: string = newId()): Promise<string> => {
  const stream = `account-${newId()}`;
  await store.execute(ledgerCommand('OpenAccount', { name }), openAccount(stream, name));
  return stream;
};
const row = async (stream: string): Promise<unknown> =>
  (await pool.query('SELECT name, total::int, bookings FROM ledger.account WHERE stream = $1', [stream])).rows[0];

test('a command commits events, rows and result at once, and says where', async () => {
  const stream = await open('alice');
  const outcome = await store.execute(ledgerCommand('Book', { amount: 5 }), bookAmount(stream, 5));
  expect(outcome).toMatchObject({ result: { total: 5 }, repeated: false });
  expect(await row(stream)).toEqual({ name: 'alice', total: 5, bookings: 1 });
  const events = await store.readStream(stream);
  expect(events.map(({ type, version }) => [type, version])).toEqual([
    ['AccountOpened', 1],
    ['AmountBooked', 2],
  ]);
  expect(outcome.cursor).toEqual({ tx: events[1]!.tx, position: events[1]!.position });
  expect(await store.head()).toEqual(outcome.cursor);
  expect(await store.load(accountFold, stream)).toEqual({ state: { status: 'open', name: 'alice', total: 5 }, version: 2 });
});

test('a repeat returns the stored result, another body is refused, in this process and in another', async () => {
  const stream = await open();
  const command = ledgerCommand('Book', { amount: 5, b: 1 });
  const first = await store.execute(command, bookAmount(stream, 5));
  for (const replica of [store, makeStore()]) {
    const again = await replica.execute({ ...command, body: { b: 1, amount: 5 } }, bookAmount(stream, 5));
    expect(again).toEqual({ ...first, repeated: true });
    await expect(replica.execute({ ...command, body: { amount: 6 } }, bookAmount(stream, 6))).rejects.toMatchObject({ code: 'command.conflicting-repeat' });
  }
  expect(await row(stream)).toMatchObject({ total: 5, bookings: 1 });
});

test('a repeat whose handler would refuse now still gets the stored result', async () => {
  const stream = `account-${newId()}`;
  const command = ledgerCommand('OpenAccount', { name: stream });
  await store.execute(command, openAccount(stream, stream));
  await expect(makeStore().execute(command, openAccount(stream, stream))).resolves.toMatchObject({ repeated: true, result: { stream } });
});

test('the same command many times at once, on two replicas, has one effect', async () => {
  const stream = await open();
  const command = ledgerCommand('Book', { amount: 3 });
  const replicas = [store, makeStore()];
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => replicas[i % 2]!.execute(command, bookAmount(stream, 3))));
  expect(outcomes.filter(({ repeated }) => !repeated)).toHaveLength(1);
  expect(new Set(outcomes.map(({ result }) => result.total))).toEqual(new Set([3]));
  expect(await row(stream)).toMatchObject({ total: 3, bookings: 1 });
});

test('commands of two replicas on one stream lose nothing', async () => {
  const stream = await open();
  const replicas = [store, makeStore()];
  await Promise.all(Array.from({ length: 60 }, (_, i) => replicas[i % 2]!.execute(ledgerCommand('Book', { i }), bookAmount(stream, 1))));
  expect(await row(stream)).toMatchObject({ total: 60, bookings: 60 });
});

test('a violated unique index names itself, and only the guilty unit of a batch fails', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `dup-${i === 17 ? 3 : i}`);
  const settled = await Promise.allSettled(names.map((name) => open(name)));
  const failed = settled.filter((outcome): outcome is PromiseRejectedResult => outcome.status === 'rejected');
  expect(failed).toHaveLength(1);
  expect(failed[0]!.reason).toBeInstanceOf(ConstraintViolation);
  expect(failed[0]!.reason.constraint).toBe('account_name_unique');
});

test('a refusal that rests on an old cached state is decided again', async () => {
  const replica = makeStore();
  const stream = `account-${newId()}`;
  await expect(store.execute(ledgerCommand('Book', {}), bookAmount(stream, 1))).rejects.toMatchObject({ code: 'instance.not-found' });
  await replica.execute(ledgerCommand('OpenAccount', {}), openAccount(stream, stream));
  await expect(store.execute(ledgerCommand('Book', {}), bookAmount(stream, 1))).resolves.toMatchObject({ result: { total: 1 } });
});

test('a stream that was only read is checked at commit', async () => {
  const guard = await open();
  const other = await open();
  await store.execute(ledgerCommand('Warm', {}), async (uow) => void (await uow.load(accountFold, guard)));
  await makeStore().execute(ledgerCommand('Book', {}), bookAmount(guard, 7));
  const seen: number[] = [];
  await store.execute(ledgerCommand('Copy', {}), async (uow) => {
    const { state } = await uow.load(accountFold, guard);
    const amount = state.status === 'open' ? state.total : -1;
    seen.push(amount);
    uow.append(other, [{ type: 'AmountBooked', data: { amount } }]);
  });
  expect(seen).toEqual([0, 7]);
  expect(await row(other)).toMatchObject({ total: 7 });
});

test('work inside the transaction commits or vanishes with the events; work behind it cannot fail the command', async () => {
  await pool.query('CREATE TABLE IF NOT EXISTS ledger.note (text text)');
  const stream = await open();
  const after: string[] = [];
  const note = (text: string, fail: boolean) =>
    store.execute(ledgerCommand('Note', { text }), async (uow) => {
      await uow.load(accountFold, stream);
      uow.append(stream, [{ type: 'AmountBooked', data: { amount: 1 } }]);
      uow.inTransaction(async (client) => {
        await client.query('INSERT INTO note VALUES ($1)', [text]);
        if (fail) throw new WeftError('disk.full', 'no');
      });
      uow.afterCommit(() => {
        after.push(text);
        throw new Error('only logged');
      });
    });
  await expect(note('lost', true)).rejects.toMatchObject({ code: 'disk.full' });
  await note('kept', false);
  expect((await pool.query('SELECT text FROM ledger.note')).rows).toEqual([{ text: 'kept' }]);
  expect(after).toEqual(['kept']);
  expect(await row(stream)).toMatchObject({ bookings: 1 });
});

test('text that Postgres cannot keep is a user error', async () => {
  await expect(open('nul \u0000 byte')).rejects.toMatchObject({ code: 'request.invalid' });
});

test('old event data is lifted on read', async () => {
  const lifting = createEventStore({
    pool,
    schema: 'ledger',
    context: 'ledger',
    upcasters: [{ type: 'AmountBooked', fromVersion: 1, up: (data) => ({ amount: (data as { amount: number }).amount * 100, unit: 'cent' }) }],
  });
  const stream = await open();
  await store.execute(ledgerCommand('Book', {}), bookAmount(stream, 2));
  expect((await lifting.readStream(stream))[1]).toMatchObject({ schemaVersion: 2, data: { amount: 200, unit: 'cent' } });
});

test('readAll pages through everything in log order', async () => {
  let cursor = undefined;
  const seen: string[] = [];
  for (;;) {
    const page: Awaited<ReturnType<EventStore['readAll']>> = await store.readAll(cursor, 7);
    seen.push(...page.events.map(({ id }) => id));
    cursor = page.next;
    if (page.events.length < 7) break;
  }
  const all = await pool.query<{ id: string }>('SELECT id FROM ledger.event ORDER BY tx, position');
  expect(seen).toEqual(all.rows.map(({ id }) => id));
});

test('what is decided on the effect of a failing command is decided again', async () => {
  const shared = await open();
  const taken = `taken-${newId()}`;
  await open(taken);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) =>
      store.execute(ledgerCommand('Chain', { i }), async (uow) => {
        const { state } = await uow.load(accountFold, shared);
        if (state.status !== 'open') throw new Error('not open');
        uow.append(shared, [{ type: 'AmountBooked', data: { amount: 1 } }]);
        // Every fourth command breaks a unique index elsewhere and takes its booking with it.
        if (i % 4 === 3) uow.append(`account-${newId()}`, [{ type: 'AccountOpened', data: { name: taken } }]);
        return state.total + 1;
      }),
    ),
  );
  const totals = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.result] : []));
  expect(totals.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(await row(shared)).toMatchObject({ total: 30, bookings: 30 });
});

test('a refusal that rests on the effect of a failing command is decided again', async () => {
  const guard = `account-${newId()}`;
  const taken = `taken-${newId()}`;
  await open(taken);
  const doomed = store.execute(ledgerCommand('Doomed', {}), openAccount(guard, taken));
  const second = store.execute(ledgerCommand('Open', {}), openAccount(guard, guard));
  await expect(doomed).rejects.toBeInstanceOf(ConstraintViolation);
  await expect(second).resolves.toMatchObject({ repeated: false });
});

test('statements belong to the context (the trace) of the command that they are for, however long it was queued', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: [string | undefined, string | undefined][] = [];
  const { name, tables, handles } = ledgerProjection;
  const watching: InlineProjection = {
    name,
    tables,
    handles,
    project: (events) => Promise.resolve(void seen.push([context.getStore(), events[0]?.commandId])),
  };
  const narrow = createEventStore({ pool, schema: 'ledger', context: 'ledger', projections: [watching], lanes: 1, maxBatch: 1 });
  const commands = Array.from({ length: 8 }, () => ledgerCommand('OpenAccount', { name: newId() }));
  await Promise.all(commands.map((command) => context.run(command.id, () => narrow.execute(command, openAccount(`account-${command.id}`, command.id)))));
  expect(seen.map(([, id]) => id).sort()).toEqual(commands.map(({ id }) => id).sort());
  for (const [where, id] of seen) expect(where).toBe(id);
});

test('what a projection cannot send is missing together with the events that it belongs to', async () => {
  const endless: Record<string, unknown> = {};
  endless['self'] = endless;
  const { name, tables, handles } = ledgerProjection;
  const mute: InlineProjection = { name, tables, handles, statements: () => [{ text: 'SELECT $1::jsonb', values: [endless] }] };
  const broken = createEventStore({ pool, schema: 'ledger', context: 'ledger', projections: [mute] });
  const stream = `account-${newId()}`;
  await expect(broken.execute(ledgerCommand('OpenAccount', {}), openAccount(stream, stream))).rejects.toThrow('circular');
  expect(await store.readStream(stream)).toEqual([]);
  expect(await row(await open())).toMatchObject({ total: 0 });
});

test('a stream with a new id begins without a question, and what it holds is known from then on', async () => {
  const stream = `account-${newId()}`;
  const begin = (amount: number) =>
    store.execute(ledgerCommand('Begin', { amount }), async (uow) => {
      uow.begin(stream, [
        { type: 'AccountOpened', data: { name: stream } },
        { type: 'AmountBooked', data: { amount } },
      ]);
      return Promise.resolve();
    });
  const queries = jest.spyOn(pool, 'query');
  await begin(7);
  await expect(store.execute(ledgerCommand('Book', {}), bookAmount(stream, 1))).resolves.toMatchObject({ result: { total: 8 } });
  expect(queries).not.toHaveBeenCalled();
  queries.mockRestore();
  expect(await makeStore().execute(ledgerCommand('Book', {}), bookAmount(stream, 1))).toMatchObject({ result: { total: 9 } });
  await expect(begin(7)).rejects.toBeInstanceOf(VersionConflict);
  expect(await row(stream)).toEqual({ name: stream, total: 9, bookings: 3 });
});
