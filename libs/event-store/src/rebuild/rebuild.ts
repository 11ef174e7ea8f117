/**
 * Rebuilds a projection beside the live one and swaps it in.
 *
 *   shadow tables -> fold the log in batches, below the fence, while appends go on
 *                 -> almost there: lock out appends, fold the last few, swap, unlock (milliseconds)
 *                 -> validate foreign keys, drop the old tables
 *
 * The projection's own code fills the shadow: it names tables without a schema, and the shadow is first in the path.
 */
import type { Pool, PoolClient } from 'pg';
import { projectAll } from '../command/project';
import { START } from '../cursor';
import { silentLogger, type StoreLogger } from '../logger';
import { EVENT_COLUMNS, toRecordedEvent, type EventRow } from '../read/event-row';
import type { EventReader } from '../read/event-reader';
import type { Upcast } from '../read/upcasting';
import { identifier, qualified } from '../schema/sql';
import type { Cursor, InlineProjection, RecordedEvent } from '../types';
import { createShadow, swapIn, type Shadow } from './shadow';

export interface RebuildOptions {
  /** An EventStore will do. */
  store: EventReader & { pool: Pool; schema: string; upcast: Upcast };
  projection: InlineProjection;
  /** Changes the shape of the empty shadow tables before they are filled (search path = shadow). */
  reshape?(client: PoolClient): Promise<void>;
  /** Events folded in one transaction (5,000). */
  batch?: number;
  logger?: StoreLogger;
}

export interface RebuildReport {
  events: number;
  /** Whole duration, and the part of it in which appends had to wait, in milliseconds. */
  tookMs: number;
  lockedMs: number;
}

/** Close enough to the end of the log to lock appends out. */
const NEARLY_THERE = 200;
/** How long the swap waits for its locks before it lets the others go first, in milliseconds. */
const LOCK_PATIENCE_MS = 200;

/** @throws Error when another rebuild of the projection is running, or a table has triggers or serial columns */
export async function rebuildProjection(options: RebuildOptions): Promise<RebuildReport> {
  const { store, projection, logger = silentLogger } = options;
  const began = performance.now();
  const client = await store.pool.connect();
  try {
    await lockOut(client, store.schema, projection.name);
    await client.query(`SET search_path TO ''`);
    const shadow = await createShadow(client, store.schema, projection.name, projection.tables);
    await client.query(`SET search_path TO ${identifier(shadow.shadow)}, ${identifier(store.schema)}`);
    await options.reshape?.(client);
    const report = await new Rebuild(options, client, shadow).run();
    logger.info({ projection: projection.name, ...report }, 'projection rebuilt');
    return { ...report, tookMs: performance.now() - began };
  } finally {
    await client.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    // The session's settings must not return to the pool.
    client.release(true);
  }
}

async function lockOut(client: PoolClient, schema: string, projection: string): Promise<void> {
  const { rows } = await client.query<{ alone: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS alone', [
    `weft rebuild ${schema}.${projection}`,
  ]);
  if (!rows[0]!.alone) throw new Error(`projection ${projection} is being rebuilt already`);
}

class Rebuild {
  private cursor: Cursor = START;
  private events = 0;

  constructor(
    private readonly options: RebuildOptions,
    private readonly client: PoolClient,
    private readonly shadow: Shadow,
  ) {}

  async run(): Promise<Omit<RebuildReport, 'tookMs'>> {
    await this.foldReadable();
    for (const statement of this.shadow.afterFill) await this.client.query(statement);
    await this.analyze();
    for (;;) {
      await this.foldReadable();
      const lockedMs = await this.trySwap();
      if (lockedMs !== undefined) return { events: this.events, lockedMs };
    }
  }

  /** Folds everything below the fence; the next page is read while this one is written. */
  private async foldReadable(): Promise<void> {
    const { store, projection, batch = 5_000 } = this.options;
    let next = store.readAll(this.cursor, batch, projection.handles);
    for (;;) {
      const page = await next;
      if (page.events.length > 0) next = store.readAll(page.next, batch, projection.handles);
      // A failure of the page read ahead is reported when it is awaited; here it must only not count as unhandled.
      next.catch(() => undefined);
      if (page.events.length > 0) await this.write(page.events);
      this.cursor = page.next;
      if (page.events.length < Math.min(batch, NEARLY_THERE)) return;
    }
  }

  private async write(events: readonly RecordedEvent[]): Promise<void> {
    await this.client.query('BEGIN; SET LOCAL synchronous_commit TO off');
    await projectAll([this.options.projection], events, this.client);
    await this.client.query('COMMIT');
    this.events += events.length;
  }

  private async analyze(): Promise<void> {
    for (const { name } of this.shadow.tables) await this.client.query(`ANALYZE ${qualified(this.shadow.shadow, name)}`);
  }

  /** Time under lock, or undefined when somebody held a lock too long: others go first, then again. */
  private async trySwap(): Promise<number | undefined> {
    const { client, shadow } = this;
    let unvalidated: string[];
    let locked: number;
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout TO ${LOCK_PATIENCE_MS}`);
      await client.query(`LOCK TABLE ${qualified(shadow.schema, 'event')} IN SHARE ROW EXCLUSIVE MODE`);
      locked = performance.now();
      await this.foldRest();
      await client.query(`LOCK TABLE ${shadow.tables.map(({ name }) => qualified(shadow.schema, name)).join(', ')} IN ACCESS EXCLUSIVE MODE`);
      await client.query(`SET LOCAL search_path TO ''`);
      unvalidated = await swapIn(client, shadow);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      if ((error as { code?: string }).code === '55P03' || (error as { code?: string }).code === '40P01') return undefined;
      throw error;
    }
    const lockedMs = performance.now() - locked;
    for (const statement of unvalidated) await client.query(statement);
    await client.query(`DROP SCHEMA ${identifier(shadow.retired)} CASCADE; DROP SCHEMA ${identifier(shadow.shadow)}`);
    return lockedMs;
  }

  /** With appends locked out there is nothing uncommitted in the log: no fence is needed for the last events. */
  private async foldRest(): Promise<void> {
    const { store, projection } = this.options;
    const { rows } = await this.client.query<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM ${qualified(store.schema, 'event')}
        WHERE (tx, position) > ($1::xid8, $2::bigint) AND type = ANY($3) ORDER BY tx, position`,
      [this.cursor.tx, this.cursor.position, projection.handles],
    );
    const events = rows.map((row) => toRecordedEvent(row, store.upcast));
    await projectAll([projection], events, this.client);
    // The cursor stays: if the swap is rolled back, these events are folded again.
  }
}
