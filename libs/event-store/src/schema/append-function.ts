/**
 * `append_events`: everything that an append writes, in one call, so that one writer needs one round trip.
 *
 * A call carries one unit of work or many (group commit). Parallel arrays describe streams (sorted by name, so that
 * two batches lock rows in the same order), events (in log order) and commands. All or nothing:
 *
 *   stream row moved meanwhile  -> SQLSTATE WF001, detail = JSON array of stream names
 *   command id already logged   -> SQLSTATE WF002, detail = JSON array of command ids
 *
 * The compare-and-set is the upsert's WHERE: `previous` carries the expected version into `excluded`. A stream that
 * was only read takes part with zero events, which locks its row and so validates the read at commit.
 */
import { qualified } from './sql';

export const STREAM_MOVED = 'WF001';
export const COMMAND_REPEATED = 'WF002';

export const appendFunctionSql = (schema: string): string => {
  const stream = qualified(schema, 'stream');
  const event = qualified(schema, 'event');
  const log = qualified(schema, 'command_log');
  return `
CREATE OR REPLACE FUNCTION ${qualified(schema, 'append_events')}(
  stream_names text[], expected int[], appended int[],
  event_streams text[], event_versions int[], event_ids uuid[], event_types text[], schema_versions int[],
  event_data jsonb, event_commands int[], event_metas int[], metas jsonb,
  command_ids text[], command_names text[], command_hashes text[], command_results jsonb, command_last_events int[])
RETURNS TABLE (tx xid8, positions bigint[]) LANGUAGE plpgsql AS $body$
#variable_conflict use_column
DECLARE
  written int;
  refused jsonb;
  places bigint[];
BEGIN
  INSERT INTO ${stream} AS s (name, version, previous)
  SELECT w.name, w.expected + w.appended, w.expected
    FROM unnest(stream_names, expected, appended) AS w(name, expected, appended)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, previous = excluded.previous
   WHERE s.version = excluded.previous;
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written < cardinality(stream_names) THEN
    SELECT jsonb_agg(w.name) INTO refused
      FROM unnest(stream_names) AS w(name)
     WHERE NOT EXISTS (SELECT FROM ${stream} s WHERE s.name = w.name AND s.xmin = pg_current_xact_id()::xid);
    RAISE EXCEPTION 'stream moved' USING ERRCODE = '${STREAM_MOVED}', DETAIL = refused::text;
  END IF;

  WITH inserted AS (
    INSERT INTO ${event} (stream, version, id, command_id, type, schema_version, data, meta)
    SELECT e.stream, e.version, e.id, command_ids[e.command], e.type, e.schema_version, e.data, metas -> e.meta
      FROM ROWS FROM (unnest(event_streams, event_versions, event_ids, event_types, schema_versions, event_commands,
                             event_metas), jsonb_array_elements(event_data))
        AS e(stream, version, id, type, schema_version, command, meta, data)
    RETURNING position)
  SELECT coalesce(array_agg(position), '{}') INTO places FROM inserted;

  INSERT INTO ${log} (id, name, hash, result, position)
  SELECT c.id, c.name, c.hash, nullif(c.result, 'null'), places[c.last_event]
    FROM ROWS FROM (unnest(command_ids, command_names, command_hashes, command_last_events), jsonb_array_elements(command_results))
      AS c(id, name, hash, last_event, result)
  ON CONFLICT (id) DO NOTHING;
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written < cardinality(command_ids) THEN
    SELECT jsonb_agg(c.id) INTO refused
      FROM unnest(command_ids) AS c(id)
     WHERE NOT EXISTS (SELECT FROM ${log} l WHERE l.id = c.id AND l.xmin = pg_current_xact_id()::xid);
    RAISE EXCEPTION 'command repeated' USING ERRCODE = '${COMMAND_REPEATED}', DETAIL = refused::text;
  END IF;

  tx := pg_current_xact_id();
  positions := places;
  RETURN NEXT;
END
$body$`;
};

/** For a statement that has no row to return because the stream moved: refuses like `append_events`. */
export const streamMovedSql = (schema: string): string => `
CREATE OR REPLACE FUNCTION ${qualified(schema, 'stream_moved')}(name text) RETURNS xid8 LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION 'stream moved' USING ERRCODE = '${STREAM_MOVED}', DETAIL = jsonb_build_array(name)::text;
END
$body$`;
