import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appendFunctionSql, streamMovedSql } from './append-function';
import { identifier } from './sql';

/**
 * The tables of the log. `current_schema()` names the schema: the migration runner sets the search path.
 *
 *   event        the log; (tx, position) is its order, (stream, version) its identity
 *   stream       one row per aggregate: what the compare-and-set compares
 *   command_log  result of every command that was done; `position` is its last event, null when it appended none
 *   checkpoint   cursor, lease and fencing epoch of every relay and consumer
 */
export class EventLog1700000000001 implements MigrationInterface {
  name = 'EventLog1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    const schema = await currentSchema(runner);
    await runner.query(`
      CREATE TABLE event (
        position bigint GENERATED ALWAYS AS IDENTITY,
        tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
        stream text NOT NULL,
        version int NOT NULL,
        id uuid NOT NULL,
        command_id text NOT NULL,
        type text NOT NULL,
        schema_version int NOT NULL,
        data jsonb NOT NULL,
        meta jsonb NOT NULL,
        PRIMARY KEY (stream, version));
      CREATE UNIQUE INDEX event_in_log_order ON event (tx, position);
      CREATE TABLE stream (
        name text PRIMARY KEY,
        version int NOT NULL,
        previous int NOT NULL) WITH (fillfactor = 70);
      CREATE TABLE command_log (
        id text PRIMARY KEY,
        name text NOT NULL,
        hash text NOT NULL,
        result jsonb,
        tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
        position bigint,
        at timestamptz NOT NULL DEFAULT now());
      CREATE TABLE checkpoint (
        name text PRIMARY KEY,
        tx xid8 NOT NULL DEFAULT '0',
        position bigint NOT NULL DEFAULT 0,
        stream_sequence bigint NOT NULL DEFAULT 0,
        owner text,
        epoch bigint NOT NULL DEFAULT 0,
        lease_until timestamptz) WITH (fillfactor = 50);`);
    await runner.query(appendFunctionSql(schema));
  }

  async down(runner: QueryRunner): Promise<void> {
    const schema = identifier(await currentSchema(runner));
    await runner.query(`DROP FUNCTION ${schema}.append_events; DROP TABLE checkpoint, command_log, stream, event`);
  }
}

/** A single append refuses by an error: whatever was sent behind it is then refused with it. */
export class StreamMoved1700000000002 implements MigrationInterface {
  name = 'StreamMoved1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(streamMovedSql(await currentSchema(runner)));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION stream_moved');
  }
}

async function currentSchema(runner: QueryRunner): Promise<string> {
  const rows: { schema: string }[] = await runner.query('SELECT current_schema() AS schema');
  return rows[0]!.schema;
}

/** Of every service that owns an event log; put your own migrations behind them. */
export const eventStoreMigrations = [EventLog1700000000001, StreamMoved1700000000002];
