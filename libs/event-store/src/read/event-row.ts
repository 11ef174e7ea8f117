import type { EventMeta, RecordedEvent } from '../types';
import type { Upcast } from './upcasting';

/** Columns in the order of `EventRow`; xid8 and bigint arrive as decimal strings. */
export const EVENT_COLUMNS = 'tx, position, stream, version, id, command_id, type, schema_version, data, meta';

export interface EventRow {
  tx: string;
  position: string;
  stream: string;
  version: number;
  id: string;
  command_id: string;
  type: string;
  schema_version: number;
  data: object;
  meta: EventMeta;
}

/** A row of `event` as an event in the newest shape of its type. */
export function toRecordedEvent(row: EventRow, upcast: Upcast): RecordedEvent {
  const { schemaVersion, data } = upcast(row.type, row.schema_version, row.data);
  return {
    tx: row.tx,
    position: row.position,
    id: row.id,
    stream: row.stream,
    version: row.version,
    type: row.type,
    data,
    schemaVersion,
    commandId: row.command_id,
    meta: row.meta,
  };
}
