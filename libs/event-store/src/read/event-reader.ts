/**
 * Reads the log. `readAll` stays below `pg_snapshot_xmin` (the oldest transaction still running): whatever could still
 * appear sorts behind what was returned, so a reader that goes on from `next` misses nothing.
 * Source: PostgreSQL manual, 9.27.5 "Transaction ID and Snapshot Information Functions".
 */
import type { ClientBase, Pool } from 'pg';
import { START, cursorOf } from '../cursor';
import { qualified } from '../schema/sql';
import type { Cursor, RecordedEvent } from '../types';
import { EVENT_COLUMNS, toRecordedEvent, type EventRow } from './event-row';
import type { Upcast } from './upcasting';

export interface LogPage {
  events: RecordedEvent[];
  /** Where to go on: the last event of the page, or where the caller already was. */
  next: Cursor;
  /** True when the page stopped at the fence: events behind `next` exist and become readable within moments. */
  fenced: boolean;
}

export interface EventReader {
  /** Events of one stream from `fromVersion` (default 1) on, oldest first; empty for an unknown stream. */
  readStream(stream: string, fromVersion?: number): Promise<RecordedEvent[]>;
  /** At most `limit` events behind the cursor (undefined: from the start) in log order; optionally only some types. */
  readAll(after: Cursor | undefined, limit: number, types?: readonly string[]): Promise<LogPage>;
  /** Number of events in a stream. */
  version(stream: string): Promise<number>;
  /** The last readable place of the log; (0, 0) for an empty one. */
  head(): Promise<Cursor>;
}

export function createEventReader(pool: Pool | ClientBase, schema: string, upcast: Upcast): EventReader {
  const event = qualified(schema, 'event');
  const fence = 'pg_snapshot_xmin(pg_current_snapshot())';

  // Only the last event is looked at: no plan of this reads the log.
  const endsBehindFence = `SELECT tx >= ${fence} FROM ${event} ORDER BY tx DESC, position DESC LIMIT 1`;
  const isFenced = async (): Promise<boolean> => {
    const { rows } = await pool.query<{ fenced: boolean | null }>({ name: `weft_fenced_${schema}`, text: `SELECT (${endsBehindFence}) AS fenced` });
    return rows[0]!.fenced === true;
  };

  return {
    async readStream(stream, fromVersion = 1) {
      const { rows } = await pool.query<EventRow>({
        name: `weft_stream_${schema}`,
        text: `SELECT ${EVENT_COLUMNS} FROM ${event} WHERE stream = $1 AND version >= $2 ORDER BY version`,
        values: [stream, fromVersion],
      });
      return rows.map((row) => toRecordedEvent(row, upcast));
    },

    async readAll(after, limit, types) {
      const from = after ?? START;
      const { rows } = await pool.query<EventRow & { fenced: boolean }>({
        // The limit is part of the text: a plan for any limit might rather sort the whole log.
        name: `weft_page_${types ? 'of_types_' : ''}${Math.floor(limit)}_${schema}`,
        text: `SELECT ${EVENT_COLUMNS}, (${endsBehindFence}) AS fenced FROM ${event}
          WHERE (tx, position) > ($1::xid8, $2::bigint) AND tx < ${fence} ${types ? 'AND type = ANY($3)' : ''}
          ORDER BY tx, position LIMIT ${Math.floor(limit)}`,
        values: types ? [from.tx, from.position, types] : [from.tx, from.position],
      });
      const last = rows.at(-1);
      const fenced = rows.length < limit && (last ? last.fenced : await isFenced());
      return { events: rows.map((row) => toRecordedEvent(row, upcast)), next: cursorOf(last ?? from), fenced };
    },

    async version(stream) {
      const text = `SELECT version FROM ${qualified(schema, 'stream')} WHERE name = $1`;
      const { rows } = await pool.query<{ version: number }>({ name: `weft_version_${schema}`, text, values: [stream] });
      return rows[0]?.version ?? 0;
    },

    async head() {
      const { rows } = await pool.query<Cursor>(`SELECT tx, position FROM ${event} WHERE tx < ${fence} ORDER BY tx DESC, position DESC LIMIT 1`);
      return rows[0] ?? START;
    },
  };
}
