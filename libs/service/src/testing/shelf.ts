/** Two small services for specs: a shelf that keeps books, and readers who borrow them and hear of new ones. */
import { WeftError } from '@weft/contracts';
import type { Fold, InlineProjection, MigrationClass } from '@weft/event-store';
import type { Logger } from '@weft/platform';
import { defineSaga, type SagaContext } from '@weft/saga';
import type { QueryRunner } from 'typeorm';
import { z } from 'zod';
import { createServiceClient } from '../client/service-client';
import { CommandRouter } from '../commands/command-router';
import type { CommandHandler } from '../commands/command-types';
import { execute } from '../commands/execute';
import { openServiceCore, type ServiceCore } from '../core/service-core';
import type { ServiceConfig } from '../core/service.config';
import type { ComposedService } from '../serve/run-service';

export const shelfCommands = {
  'book.add': { kind: 'sync', body: z.object({ title: z.string() }), result: z.object({ title: z.string(), by: z.string() }) },
  'book.seen': { kind: 'sync', body: z.object({}) },
  'book.odd': { kind: 'sync', body: z.object({}), result: z.object({ pages: z.number() }) },
  'book.missing': { kind: 'sync', body: z.object({}) },
} as const;
type Deps = Pick<ServiceCore, 'store' | 'log'>;
type Handler<N extends keyof typeof shelfCommands> = CommandHandler<Deps, typeof shelfCommands, N>;

interface BookAdded {
  type: 'BookAdded';
  data: { title: string };
}
const bookFold: Fold<{ titles: string[] }, BookAdded> = { initial: { titles: [] }, evolve: (state, { data }) => ({ titles: [...state.titles, data.title] }) };

class Books1700000000000 {
  readonly name = 'Books1700000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE book (title text CONSTRAINT book_title PRIMARY KEY)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE book');
  }
}
class Heard1700000000000 {
  readonly name = 'Heard1700000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE heard (position bigint PRIMARY KEY, title text)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE heard');
  }
}

const books: InlineProjection = {
  name: 'book',
  tables: ['book'],
  handles: ['BookAdded'],
  async project(events, client) {
    await client.query('INSERT INTO book SELECT unnest($1::text[])', [events.map(({ data }) => (data as BookAdded['data']).title)]);
  },
};

const addBook: Handler<'book.add'> = (deps, meta, body) =>
  execute(deps, meta, 'book.add', body, async (uow) => {
    const stream = `book-${body.title.toLowerCase()}`;
    await uow.load(bookFold, stream);
    uow.append(stream, [{ type: 'BookAdded', data: { title: body.title } }]);
    return { title: body.title, by: uow.command.meta.actor.username };
  });
const seen: Handler<'book.seen'> = async (_deps, meta) => ({ result: meta });
const odd: Handler<'book.odd'> = async () => ({ result: { pages: 'many' } });

/** Answers for books; who is called "thief" may do nothing. */
export async function composeShelf(config: ServiceConfig, log: Logger): Promise<ComposedService & { core: ServiceCore }> {
  const migrations = [Books1700000000000 as unknown as MigrationClass];
  const core = await openServiceCore({ service: 'shelf-svc', context: 'shelf', config, log, projections: [books], migrations });
  core.start();
  const commands = new CommandRouter({
    context: 'shelf',
    commands: shelfCommands,
    handlers: { 'book.add': addBook, 'book.seen': seen, 'book.odd': odd },
    deps: core,
    constraints: { book_title: ['image.exists', 'That book is there already'] },
    fromMembers: ['book.seen'],
    authorize: (_name, { actor }) => {
      if (actor.username === 'thief') throw new WeftError('auth.forbidden', 'not authorized');
    },
  });
  return { core, commands, close: () => closeCore(core) };
}

/** Wishes for a book in a saga, and writes down each one that it hears of. */
export async function composeReader(config: ServiceConfig, log: Logger): Promise<ComposedService & { core: ServiceCore }> {
  const migrations = [Heard1700000000000 as unknown as MigrationClass];
  const core = await openServiceCore({ service: 'reader-svc', context: 'reader', config, log, projections: [], migrations });
  const shelf = createServiceClient('reader-svc', core.nats, 'shelf', shelfCommands);
  type Params = { meta: Parameters<typeof shelf.call>[2]['meta']; title: string };
  const wish = async (ctx: SagaContext<Params, Record<string, unknown>>) => {
    const { meta, title } = ctx.params;
    return shelf.call('book.add', { title }, { meta, commandId: ctx.commandId, signal: ctx.signal });
  };
  core.define([
    defineSaga<Params, Record<string, unknown>>({
      type: 'wish',
      steps: [{ name: 'add', action: wish, undo: async () => undefined }],
      succeeded: async () => undefined,
      failed: async () => undefined,
    }),
  ]);
  core.consume({
    context: 'shelf',
    handles: ['BookAdded'],
    handle: async (events, client) => {
      const titles = events.map(({ data }) => (data as BookAdded['data']).title);
      await client.query('INSERT INTO heard SELECT * FROM unnest($1::bigint[], $2::text[])', [events.map(({ position }) => position), titles]);
    },
  });
  core.start();
  const commands = new CommandRouter({ context: 'reader', commands: {}, handlers: {}, deps: core });
  return { core, commands, close: () => closeCore(core) };
}

async function closeCore(core: ServiceCore): Promise<void> {
  await core.stop();
  await core.disconnect();
}
