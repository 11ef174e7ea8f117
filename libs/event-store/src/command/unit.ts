import type { ClientBase } from 'pg';
import { newId } from '@weft/contracts';
import type { Upcast } from '../read/upcasting';
import type { Command, EventMeta, NewEvent, ProjectedEvent, RecordedEvent } from '../types';

/** An event that is ready to be written: numbered, with its JSON made once. */
export class PreparedEvent {
  readonly id = newId();
  readonly type: string;
  readonly schemaVersion: number;
  readonly dataJson: string;
  readonly meta: EventMeta;
  private parsed: object | undefined;

  /** @param meta the command's, with its clock reading */
  constructor(
    meta: EventMeta,
    private readonly upcast: Upcast,
    readonly stream: string,
    readonly version: number,
    event: NewEvent,
  ) {
    this.type = event.type;
    this.schemaVersion = event.schemaVersion ?? 1;
    this.dataJson = JSON.stringify(event.data);
    this.meta = event.project === undefined ? meta : { ...meta, project: event.project };
  }

  /** As a reader will see it: through JSON and in the newest shape. Made when somebody looks, mostly while Postgres writes. */
  get data(): object {
    this.parsed ??= this.upcast(this.type, this.schemaVersion, JSON.parse(this.dataJson) as object).data;
    return this.parsed;
  }
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
  streams: ReadonlyMap<string, { expected: number; appended: number }>;
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

export const projectedEvents = (unit: Unit): ProjectedEvent[] =>
  unit.events.map((event) => ({
    id: event.id,
    stream: event.stream,
    version: event.version,
    type: event.type,
    data: event.data,
    schemaVersion: event.schemaVersion,
    commandId: unit.command.id,
    meta: event.meta,
  }));

export const recordedEvents = (unit: Unit, landed: Landed): RecordedEvent[] =>
  projectedEvents(unit).map((event, index) => ({ ...event, tx: landed.tx, position: landed.positions[index]! }));
