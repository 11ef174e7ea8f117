import { Client, type Pool, type PoolConfig } from 'pg';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';
import { identifier } from './sql';

export type MigrationClass = new () => MigrationInterface;

/** Any constant: the key of the advisory lock that lets only one replica migrate a database at a time. */
const MIGRATION_LOCK = 7_306_001;

/**
 * Creates the schema when missing and runs TypeORM migrations with the schema as search path, one replica at a time.
 * Migrations write table names without a schema. What ran is kept in the schema's own table `migration`.
 * @param pool only its connection options are used; migrations run on connections of their own
 */
export async function migrateSchema(pool: Pool, schema: string, migrations: readonly MigrationClass[]): Promise<void> {
  const options = pool.options as PoolConfig;
  const lock = new Client(options);
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await lock.query(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
    await runMigrations(options, schema, migrations);
  } finally {
    await lock.end();
  }
}

async function runMigrations(options: PoolConfig, schema: string, migrations: readonly MigrationClass[]): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    schema,
    migrations: [...migrations],
    migrationsTableName: 'migration',
    installExtensions: false,
    // TypeORM hands `extra` to its pg pool: same server and credentials as ours, search path in the start-up packet.
    extra: { ...options, max: 2, options: `-c search_path=${schema.replaceAll(/([\\ ])/g, '\\$1')}` },
  } as DataSourceOptions);
  await source.initialize();
  try {
    await source.runMigrations({ transaction: 'each' });
  } finally {
    await source.destroy();
  }
}
