import type { ClientBase, QueryConfig } from 'pg';

/** Who did what and why. Kept with every event; never part of a decision. */
export interface EventMeta {
  actor: { protocol: string; username: string; address: string };
  project: string;
  requestId: string;
  correlationId: string;
  causationId?: string;
  traceparent?: string;
  /** ISO 8601, set by the command side, not by the database. */
  time: string;
}

export interface NewEvent<T extends string = string, D extends object = object> {
  type: T;
  data: D;
  /** Version of the data's shape; 1 when left out. Older versions are lifted by upcasters on read. */
  schemaVersion?: number;
  /** For the NATS subject: `weft.event.<context>.<project>.<noun>.<id>`; default is taken from the stream name. */
  project?: string;
}

/** Place of an event in a service's log. Compare as (tx, position); both are decimal strings (xid8 and bigint). */
export interface Cursor {
  tx: string;
  position: string;
}

/** An event as a projection gets it, in the transaction that appends it: its place in the log is not known yet. */
export interface ProjectedEvent<T extends string = string, D extends object = object> {
  id: string;
  /** `<noun>-<id>`, for example `instance-0190...`. */
  stream: string;
  /** 1 for the first event of a stream. */
  version: number;
  type: T;
  data: D;
  schemaVersion: number;
  commandId: string;
  meta: EventMeta;
}

export interface RecordedEvent<T extends string = string, D extends object = object> extends ProjectedEvent<T, D>, Cursor {}

/** A pure fold: what an aggregate is. `initial` is the state of a stream without events. */
export interface Fold<S, E extends { type: string; data: object }> {
  initial: S;
  evolve(state: S, event: E): S;
}

/**
 * Turns events into rows, inside the transaction that appends them. Must never reject an event; a unique or foreign
 * key violation aborts the append and reaches the command as `ConstraintViolation`. Table names are written without
 * a schema (the search path decides), so that a rebuild can fill shadow tables with the same code. Called with a
 * batch in log order; write with `unnest`, not row by row.
 */
export type InlineProjection = ProjectionFrame & (AskingProjection | TellingProjection);

interface ProjectionFrame {
  name: string;
  /** The tables it owns: what a rebuild recreates and swaps. */
  tables: readonly string[];
  /** Event types it wants; others are not passed. */
  handles: readonly string[];
}

/** May have to look at answers of the database on the way to its rows. */
interface AskingProjection {
  project(events: readonly ProjectedEvent[], client: ClientBase): Promise<void>;
  /** The same, where these events alone tell what to write; else undefined. */
  statements?(events: readonly ProjectedEvent[]): readonly QueryConfig[] | undefined;
}

/** Knows from the events alone what to write, and so costs an append no round trip of its own. Statements run in order. */
interface TellingProjection {
  statements(events: readonly ProjectedEvent[]): readonly QueryConfig[];
  project?: never;
}

/** Lifts old event data to the newest shape. Pure. */
export interface Upcaster {
  type: string;
  fromVersion: number;
  up(data: object): object;
}

export interface Command {
  /** Repeats with the same id and body return the stored result; another body gives `command.conflicting-repeat`. */
  id: string;
  name: string;
  body: unknown;
  meta: Omit<EventMeta, 'time'>;
}

/** What a command handler sees: loads aggregates, collects events; all of it commits at once or not at all. */
export interface UnitOfWork {
  readonly command: Command;
  /** One clock reading for the whole command. */
  readonly now: Date;
  /** State of a stream. The stream's version is checked again when the unit commits. */
  load<S, E extends NewEvent>(fold: Fold<S, E>, stream: string): Promise<{ state: S; version: number }>;
  append(stream: string, events: readonly NewEvent[]): void;
  /** The same for a stream that begins with these events, as its id is new: nobody is asked what is in it. */
  begin(stream: string, events: readonly NewEvent[]): void;
  /** Runs inside the append's transaction (saga rows, secrets); must be safe to run again if the unit is retried. */
  inTransaction(work: (client: ClientBase) => Promise<void>): void;
  /** Runs after the commit; a failure here is logged, never reported to the caller. */
  afterCommit(work: () => void | Promise<void>): void;
}

export interface CommandOutcome<R> {
  result: R;
  /** Where the log stood after the append; undefined when nothing was appended. */
  cursor?: Cursor;
  /** True when the result came out of the command log. */
  repeated: boolean;
}

/** Thrown by an append when a unique index, foreign key or check of a projection refuses: name it to the user. */
export class ConstraintViolation extends Error {
  constructor(
    readonly constraint: string,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`constraint ${constraint} violated`, options);
    this.name = 'ConstraintViolation';
  }
}

/** Thrown when a stream moved between load and append more often than the retry limit allows. */
export class VersionConflict extends Error {
  constructor(readonly stream: string) {
    super(`stream ${stream} changed meanwhile`);
    this.name = 'VersionConflict';
  }
}
