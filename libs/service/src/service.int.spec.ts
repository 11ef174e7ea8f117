import { commandSubject, newId, type CommandReply, type ErrorCode, type Meta } from '@weft/contracts';
import { inTransaction } from '@weft/event-store';
import { connectNats, createLogger, metrics } from '@weft/platform';
import { eventually, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { createServiceClient } from './client/service-client';
import type { ServiceCore } from './core/service-core';
import type { ServiceConfig } from './core/service.config';
import { serveCommands } from './serve/serve-commands';
import { composeReader, composeShelf, shelfCommands } from './testing/shelf';

const LOG = createLogger('test', process.env.WEFT_TEST_LOG ?? 'silent');
const DAY_MS = 24 * 3_600_000;

let postgres: TestPostgres;
let broker: TestNats;
let client: NatsConnection;
let shelf: { core: ServiceCore; close(): Promise<void> };
let reader: { core: ServiceCore; close(): Promise<void> };

const config = (schema: string): ServiceConfig => ({
  postgresUrl: postgres.url,
  schema,
  poolSize: 6,
  natsUrl: broker.url,
  keep: { commandLogMs: DAY_MS, sagaMs: DAY_MS },
});

async function startShelf() {
  const composed = await composeShelf(config('shelf'), LOG);
  const app = await serveCommands('shelf-svc', composed.commands, await connectNats(broker.url, 'shelf', LOG), LOG);
  return {
    core: composed.core,
    close: async () => {
      await app.close();
      await composed.close();
    },
  };
}

beforeAll(async () => {
  [postgres, broker] = await Promise.all([startPostgres(), startNats()]);
  client = await connectNats(broker.url, 'test', LOG);
  shelf = await startShelf();
  reader = await composeReader(config('reader'), LOG);
});

afterAll(async () => {
  await reader?.close();
  await shelf?.close();
  await client?.close();
  await broker?.stop();
  await postgres?.stop();
});

const meta = (changes: Partial<Meta> = {}): Meta => ({
  actor: { protocol: 'unix', username: 'root', address: '@', projects: null },
  project: 'default',
  requestId: newId(),
  correlationId: newId(),
  commandId: newId(),
  ...changes,
});
const ask = async (subject: string, message: string): Promise<CommandReply> =>
  (await client.request(commandSubject('shelf', subject), message, { timeout: 10_000 })).json<CommandReply>();
const send = (name: string, body: unknown, changes: Partial<Meta> = {}) => ask(name, JSON.stringify({ meta: meta(changes), body }));
const refusal = (code: ErrorCode, words: RegExp) => ({ ok: false, error: { code, message: expect.stringMatching(words) } });
const books = createServiceClient.bind(undefined, 'test-svc');

describe('a command', () => {
  it('gets a reply with its place in the log, and the same one again', async () => {
    const commandId = newId();
    const first = await send('book.add', { title: 'Emma' }, { commandId });
    expect(first).toEqual({ ok: true, result: { title: 'Emma', by: 'root' }, position: expect.stringMatching(/^\d+$/) });
    expect(await send('book.add', { title: 'Emma' }, { commandId })).toMatchObject({ ok: true, result: { title: 'Emma' } });
    expect(await send('book.add', { title: 'Persuasion' }, { commandId })).toMatchObject(refusal('command.conflicting-repeat', /./));
  });

  it('is refused by name, whatever is wrong with it', async () => {
    await send('book.add', { title: 'Ulysses' });
    expect(await send('book.add', { title: 'Ulysses' })).toEqual(refusal('image.exists', /^That book is there already$/));
    expect(await send('book.add', { title: 7 })).toEqual(refusal('request.invalid', /title/));
    expect(await send('book.add', { title: 'x' }, { project: undefined })).toEqual(refusal('request.invalid', /meta.project/));
    expect(await ask('book.add', 'no JSON')).toEqual(refusal('request.invalid', /./));
    expect(await send('book.add', { title: 'x' }, { actor: { protocol: 'unix', username: 'thief', address: '@', projects: null } })).toEqual(
      refusal('auth.forbidden', /not authorized/),
    );
    expect(await send('book.missing', {})).toEqual(refusal('request.unsupported', /book.missing/));
  });

  it('of a member has that member as its actor, whatever it says', async () => {
    const actor = { protocol: 'unix', username: 'root', address: '@', projects: null } as const;
    expect(await send('book.seen.host1', {}, { actor })).toMatchObject({ result: { actor: { protocol: 'service', username: 'host1' } } });
    await expect(client.request(commandSubject('shelf', 'book.seen'), '{}', { timeout: 1_000 })).rejects.toThrow(/no responders/i);
  });

  it('is counted', async () => {
    await send('book.odd', {});
    expect(await metrics.metrics()).toMatch(/^weft_shelf_commands_total\{command="book.odd",outcome="ok"\} \d+$/m);
  });
});

describe('another service', () => {
  const because = (changes: object = {}) => ({ meta: meta(), ...changes });

  it('calls commands in its own name and for a reason', async () => {
    const cause = because();
    const answer = await books(client, 'shelf', shelfCommands).call('book.add', { title: 'Middlemarch' }, cause);
    expect(answer).toEqual({ title: 'Middlemarch', by: 'test-svc' });
    const { events } = await shelf.core.store.readAll({ tx: '0', position: '0' }, 100);
    const { meta: kept } = events.find(({ data }) => 'title' in data && data.title === 'Middlemarch')!;
    expect(kept).toMatchObject({
      actor: { protocol: 'service', username: 'test-svc' },
      causationId: cause.meta.commandId,
      correlationId: cause.meta.correlationId,
    });
    // The cause is repeated: so is the call, with one effect.
    expect(await books(client, 'shelf', shelfCommands).call('book.add', { title: 'Middlemarch' }, cause)).toEqual(answer);
  });

  it('gets refusals as they are, and notices an answer of another shape', async () => {
    const calls = books(client, 'shelf', shelfCommands);
    await expect(calls.call('book.add', { title: 'Middlemarch' }, because())).rejects.toMatchObject({ code: 'image.exists' });
    await expect(calls.call('book.odd', {}, because())).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('shape') });
  });

  it('is told when nobody answers, and may stop waiting', async () => {
    const nobody = books(client, 'nobody', shelfCommands);
    await expect(nobody.call('book.seen', {}, because({ timeoutMs: 300 }))).rejects.toMatchObject({ code: 'service.unavailable', status: 503 });
    await expect(nobody.call('book.seen', {}, because({ signal: AbortSignal.timeout(300) }))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('waits for one that is being replaced, in a saga too, and hears of what happened once', async () => {
    await shelf.close();
    const id = newId();
    await inTransaction(reader.core.pool, 'reader', (tx) => reader.core.sagas.insert(tx, { id, type: 'wish', params: { meta: meta(), title: 'Walden' } }));
    reader.core.sagas.wake(id);
    const waiting = books(client, 'shelf', shelfCommands).call('book.add', { title: 'Dubliners' }, because());
    shelf = await startShelf();
    expect(await waiting).toMatchObject({ title: 'Dubliners' });
    const heard = async () => (await reader.core.pool.query<{ title: string }>('SELECT title FROM heard ORDER BY title')).rows.map(({ title }) => title);
    const titles = ['Dubliners', 'Emma', 'Middlemarch', 'Ulysses', 'Walden'];
    await eventually(async () => (await heard()).length >= titles.length, { timeoutMs: 30_000 });
    expect(await heard()).toEqual(titles);
  });
});
