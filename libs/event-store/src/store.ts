import type { Pool } from 'pg';
import { createExecutor, type Execute } from './command/execute';
import { CommitQueue } from './command/commit-queue';
import { KeyedMutex } from './command/keyed-mutex';
import { StreamCache } from './command/stream-cache';
import { silentLogger, type StoreLogger } from './logger';
import { createEventReader, type EventReader } from './read/event-reader';
import { upcasting, type Upcast } from './read/upcasting';
import { eventStoreMigrations } from './schema/event-log.migration';
import { migrateSchema, type MigrationClass } from './schema/migrate';
import type { Cursor, Fold, InlineProjection, NewEvent, RecordedEvent, Upcaster } from './types';

export interface EventStoreOptions {
  pool: Pool;
  /** The Postgres schema that this service owns. */
  schema: string;
  /** Bounded context, second token of NATS subjects: `instance`. */
  context: string;
  projections?: readonly InlineProjection[];
  upcasters?: readonly Upcaster[];
  /** The service's own migrations (tables of its projections), run behind the store's. */
  migrations?: readonly MigrationClass[];
  logger?: StoreLogger;
  /** After every commit, with the unit's events and the place of the last one. Must not throw; not awaited. */
  onAppended?: (events: readonly RecordedEvent[], cursor: Cursor) => void;
  /** Transactions under way at once (2). */
  lanes?: number;
  /** Units of work in one transaction (128). */
  maxBatch?: number;
  /** Attempts of a command on a moving stream before `VersionConflict` (20). */
  attempts?: number;
  /** How long a command waits for a database that went away, in milliseconds (10,000). */
  patienceMs?: number;
  /** Streams whose folded state is kept in memory (10,000). */
  cachedStreams?: number;
}

export interface EventStore extends EventReader {
  readonly pool: Pool;
  readonly schema: string;
  readonly context: string;
  readonly projections: readonly InlineProjection[];
  readonly upcast: Upcast;
  /** Creates or updates the schema; safe with several replicas at once. */
  migrate(): Promise<void>;
  /**
   * Runs a command's handler and commits what it appended, its projections and its result in one transaction.
   * The handler may run several times: it must only read, decide and append.
   * @throws whatever the handler refuses with; ConstraintViolation; VersionConflict;
   * WeftError `command.conflicting-repeat`, `request.invalid` (text with NUL) or `service.unavailable`
   */
  execute: Execute;
  /** The state of a stream outside a command, with its version. */
  load<S, E extends NewEvent>(fold: Fold<S, E>, stream: string): Promise<{ state: S; version: number }>;
}

/** See README.md. The pool's connections need no particular search path. */
export function createEventStore(options: EventStoreOptions): EventStore {
  const { pool, schema, context, projections = [], upcasters = [], migrations = [], logger = silentLogger } = options;
  // Without a listener, a server that closes an idle connection would end the process.
  pool.on('error', (error) => logger.warn({ err: error }, 'idle database connection lost'));
  const upcast = upcasting(upcasters);
  const reader = createEventReader(pool, schema, upcast);
  const queue = new CommitQueue({ pool, schema, projections, lanes: options.lanes ?? 2, maxBatch: options.maxBatch ?? 128 });
  const execute = createExecutor({
    pool,
    schema,
    queue,
    logger,
    upcast,
    cache: new StreamCache(reader, options.cachedStreams ?? 10_000),
    mutex: new KeyedMutex(),
    attempts: options.attempts ?? 20,
    patienceMs: options.patienceMs ?? 10_000,
    onAppended: options.onAppended,
  });
  return {
    ...reader,
    pool,
    schema,
    context,
    projections,
    upcast,
    migrate: () => migrateSchema(pool, schema, [...eventStoreMigrations, ...migrations]),
    execute,
    async load<S, E extends NewEvent>(fold: Fold<S, E>, stream: string) {
      const events = await reader.readStream(stream);
      // What a stream holds is what its own aggregate wrote: the type is a promise of the caller, not checked here.
      return { state: (events as unknown as E[]).reduce((state, event) => fold.evolve(state, event), fold.initial), version: events.length };
    },
  };
}
