import { startPostgres, type TestPostgres } from '@weft/testing';
import { Client } from 'pg';
import { prepareDatabase, type ServiceRole } from './database';

const roles: ServiceRole[] = [
  { role: 'weft_instance', password: 'a', schema: 'instance', reads: [] },
  { role: 'weft_gateway', password: 'b', reads: ['instance'] },
];

describe('prepareDatabase', () => {
  let postgres: TestPostgres;
  const urlAs = (user: string) => postgres.url.replace('weft@', `${user}@`);
  const query = async (user: string, sql: string) => {
    const client = new Client({ connectionString: urlAs(user) });
    await client.connect();
    return client.query(sql).finally(() => client.end());
  };

  beforeAll(async () => {
    postgres = await startPostgres();
    const urlOf = (database: string) => postgres.url.replace(/weft$/, database);
    await prepareDatabase(urlOf, roles);
    await prepareDatabase(urlOf, roles);
    await query(
      'weft_instance',
      'CREATE TABLE instance.secret (n int); INSERT INTO instance.secret VALUES (1); CREATE VIEW instance.published AS SELECT n FROM instance.secret',
    );
  }, 60_000);
  afterAll(() => postgres.stop());

  it('lets a service do what it wants in its own schema, and make shadow schemas for rebuilds', async () => {
    await query('weft_instance', 'CREATE SCHEMA IF NOT EXISTS instance; CREATE SCHEMA instance_shadow; DROP SCHEMA instance_shadow');
  });

  it('lets the gateway read views, also new and replaced ones, and nothing else', async () => {
    expect((await query('weft_gateway', 'SELECT n FROM instance.published')).rows).toEqual([{ n: 1 }]);
    await query('weft_instance', 'DROP VIEW instance.published; CREATE OR REPLACE VIEW instance.published AS SELECT n + 1 AS n FROM instance.secret');
    expect((await query('weft_gateway', 'SELECT n FROM instance.published')).rows).toEqual([{ n: 2 }]);
    for (const sql of [
      'SELECT n FROM instance.secret',
      'INSERT INTO instance.secret VALUES (2)',
      'CREATE TABLE instance.mine (n int)',
      'CREATE SCHEMA mine',
      'CREATE TABLE public.mine (n int)',
    ]) {
      await expect(query('weft_gateway', sql)).rejects.toThrow(/permission denied/);
    }
  });
});
