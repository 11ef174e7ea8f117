import { Client } from 'pg';
import pino from 'pino';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { createReadClient, type ReadClient } from '../clients/read.client';
import { ListCache } from './list-cache';

jest.setTimeout(60_000);

const LIST = { name: 'list', sql: `select '[' || coalesce(string_agg(doc, ',' order by doc), '') || ']' from thing where kind = $1` };

describe('lists that are kept', () => {
  let postgres: TestPostgres;
  let writer: Client;
  let reads: ReadClient;

  beforeAll(async () => {
    postgres = await startPostgres();
    writer = new Client(postgres.url);
    await writer.connect();
    await writer.query(`CREATE TABLE thing (kind text, doc text); CREATE UNLOGGED TABLE fleeting (doc text)`);
    reads = createReadClient(postgres.url, { point: 1, list: 2 }, pino({ level: 'silent' }));
  });
  afterAll(async () => {
    await reads.close();
    await writer.end();
    await postgres.stop();
  });
  beforeEach(() => writer.query('TRUNCATE thing'));

  const add = (doc: string, client = writer) => client.query('INSERT INTO thing VALUES ($1, $2)', ['a', doc]);
  const metadata = (reply: Buffer): unknown => (JSON.parse(reply.toString()) as { metadata: unknown }).metadata;

  it('are the same bytes while nothing is committed', async () => {
    const lists = new ListCache(reads);
    await add('1');
    const first = await lists.reply(LIST, ['a']);
    expect(metadata(first)).toEqual([1]);
    expect(await lists.reply(LIST, ['a'])).toBe(first);
    expect(metadata(await lists.reply(LIST, ['b']))).toEqual([]);
  });

  it('are never older than the last commit', async () => {
    const lists = new ListCache(reads);
    const expected: number[] = [];
    for (let doc = 1; doc <= 20; doc += 1) {
      await add(String(doc));
      expected.push(doc);
      expect((metadata(await lists.reply(LIST, ['a'])) as number[]).sort((a, b) => a - b)).toEqual(expected);
    }
  });

  it('show a transaction when it commits, whatever was asked meanwhile', async () => {
    const lists = new ListCache(reads);
    await writer.query('BEGIN');
    await add('1');
    expect(metadata(await lists.reply(LIST, ['a']))).toEqual([]);
    expect(metadata(await lists.reply(LIST, ['a']))).toEqual([]);
    await writer.query('COMMIT');
    expect(metadata(await lists.reply(LIST, ['a']))).toEqual([1]);
    await writer.query('BEGIN');
    await add('2');
    expect(metadata(await lists.reply(LIST, ['a']))).toEqual([1]);
    await writer.query('ROLLBACK');
    expect(metadata(await lists.reply(LIST, ['a']))).toEqual([1]);
  });

  it('are forgotten when there are too many bytes of them, the longest unused first', async () => {
    const lists = new ListCache(reads, 400);
    await add('1');
    const used = await lists.reply(LIST, ['a']);
    const unused = await lists.reply(LIST, ['b']);
    await lists.reply(LIST, ['a']);
    await lists.reply(LIST, ['c']);
    await lists.reply(LIST, ['d']);
    expect(await lists.reply(LIST, ['a'])).toBe(used);
    expect(await lists.reply(LIST, ['b'])).not.toBe(unused);
  });

  it('are forgotten with the connection: a crash empties tables without a transaction', async () => {
    const lists = new ListCache(reads);
    const fleeting = { name: 'fleeting', sql: `select coalesce(string_agg(doc, ','), '[]') from fleeting` };
    await writer.query(`INSERT INTO fleeting VALUES ('[1]')`);
    expect(metadata(await lists.reply(fleeting, []))).toEqual([1]);
    writer.on('error', () => undefined);
    await postgres.kill9();
    await postgres.restart();
    await reads.rows({ sql: 'select 1' }, [], 'list').catch(() => undefined);
    expect(metadata(await lists.reply(fleeting, []))).toEqual([]);
    writer = new Client(postgres.url);
    await writer.connect();
  });
});
