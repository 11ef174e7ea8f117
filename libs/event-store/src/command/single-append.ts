/**
 * The commonest unit, one event on one stream, as one plain statement: about a third of the server's work that the
 * general function takes, which is what a lone writer waits for. Same refusals, but that a command done before is a
 * violation of `command_log_pkey`.
 */
import type { QueryConfig } from 'pg';
import { qualified } from '../schema/sql';
import type { Unit } from './unit';

export const isSingle = (units: readonly Unit[]): boolean => units.length === 1 && units[0]!.events.length === 1 && units[0]!.streams.size === 1;

/** Returns (tx, positions) and refuses a stream that moved, like `append_events`. */
export function singleAppend(schema: string, unit: Unit): QueryConfig {
  const event = unit.events[0]!;
  const expected = event.version - 1;
  const [name, text] = expected === 0 ? (['first', firstText(schema)] as const) : (['next', nextText(schema)] as const);
  return {
    name: `weft_append_${name}_${schema}`,
    text,
    values: [
      event.stream,
      expected,
      event.id,
      unit.command.id,
      event.type,
      event.schemaVersion,
      event.dataJson,
      JSON.stringify(event.meta),
      unit.command.name,
      unit.hash,
      unit.result === 'null' ? null : unit.result,
    ],
  };
}

const texts = new Map<string, string>();
const remembered = (key: string, make: () => string): string => {
  const known = texts.get(key) ?? make();
  texts.set(key, known);
  return known;
};

const nextText = (schema: string): string =>
  remembered(`next ${schema}`, () =>
    statement(schema, `UPDATE ${qualified(schema, 'stream')} SET version = $2::int + 1, previous = $2 WHERE name = $1::text AND version = $2 RETURNING 1`),
  );

/** A row of version 0 exists when the stream was read in a command before it had events. */
const firstText = (schema: string): string =>
  remembered(`first ${schema}`, () =>
    statement(
      schema,
      `INSERT INTO ${qualified(schema, 'stream')} AS s (name, version, previous) VALUES ($1::text, $2::int + 1, $2)
       ON CONFLICT (name) DO UPDATE SET version = excluded.version, previous = excluded.previous WHERE s.version = excluded.previous RETURNING 1`,
    ),
  );

const statement = (schema: string, claim: string): string => `
  WITH claimed AS (${claim}),
  added AS (
    INSERT INTO ${qualified(schema, 'event')} (stream, version, id, command_id, type, schema_version, data, meta)
    SELECT $1, $2 + 1, $3::uuid, $4::text, $5::text, $6::int, $7::jsonb, $8::jsonb FROM claimed RETURNING tx, position),
  logged AS (
    INSERT INTO ${qualified(schema, 'command_log')} (id, name, hash, result, position)
    SELECT $4, $9::text, $10::text, $11::jsonb, position FROM added)
  SELECT tx, ARRAY[position] AS positions FROM added
  UNION ALL SELECT ${qualified(schema, 'stream_moved')}($1), NULL WHERE NOT EXISTS (SELECT FROM added)`;
