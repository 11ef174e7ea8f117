import type { ClientBase } from 'pg';
import { newId } from '@weft/contracts';
import type { Upcast } from '../read/upcasting';
import type { Command, EventMeta, NewEvent, RecordedEvent } from '../types';

/** An event that is ready to be written: numbered, with its JSON made once. */
export interface PreparedEvent {
  id: string;
  stream: string;
  version: number;
  type: string;
  schemaVersion: number;
  /** As a reader will see it: through JSON and in the newest shape. */
  data: object;
  dataJson: string;
  meta: EventMeta;
}

/** Whether a unit came to nothing. States in the cache carry the fate of the unit that wrote them last. */
export interface Fate {
  failed: boolean;
}

export type TransactionWork = (client: ClientBase) => Promise<void>;

/** What one command wants to commit: all of it or nothing. */
export interface Unit {
  command: Command;
  hash: string;
  /** Streams that were loaded or appended to: the version they must still have, and how many events follow. */
  streams: Map<string, { expected: number; appended: number }>;
  events: PreparedEvent[];
  works: TransactionWork[];
  /** JSON text of the command's result. */
  result: string;
  fate: Fate;
  /** Fates of units that were under way when their effect was decided on. */
  basedOn: Fate[];
}

/** Where a unit landed in the log; `positions` belong to its events in order. */
export interface Landed {
  tx: string;
  positions: string[];
}

/** Gives an event its id, version and meta. @param meta the command's, with its clock reading */
export function prepareEvent(meta: EventMeta, upcast: Upcast, stream: string, version: number, event: NewEvent): PreparedEvent {
  const dataJson = JSON.stringify(event.data);
  const schemaVersion = event.schemaVersion ?? 1;
  return {
    id: newId(),
    stream,
    version,
    type: event.type,
    schemaVersion,
    data: upcast(event.type, schemaVersion, JSON.parse(dataJson) as object).data,
    dataJson,
    meta: event.project === undefined ? meta : { ...meta, project: event.project },
  };
}

export function recordedEvents(unit: Unit, landed: Landed): RecordedEvent[] {
  return unit.events.map((event, index) => ({
    tx: landed.tx,
    position: landed.positions[index]!,
    id: event.id,
    stream: event.stream,
    version: event.version,
    type: event.type,
    data: event.data,
    schemaVersion: event.schemaVersion,
    commandId: unit.command.id,
    meta: event.meta,
  }));
}
