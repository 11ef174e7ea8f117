/**
 * Publishes a service's log to JetStream. The stream itself is the relay's memory: after a lease gain, a reconnect or
 * any doubt it reads the stream's tail and goes on from there, so a broker that forgot (power loss, restored backup,
 * deleted stream) is filled up again from Postgres.
 *
 *   lease gained -> ensure stream -> rewind to tail -> read log behind cursor -> publish -> ...
 *                        ^                                                         |
 *                        '-- reconnect, missing ack, tail not where we left it ----'
 *
 * Duplicates in the stream are possible (two relays for moments, a rewind); readers compare cursors. `Nats-Msg-Id`
 * only spares some of them and is left out while refilling, where an old id must not keep an event out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Pool } from 'pg';
import { EVENTS_STREAM, pokeSubject } from '@weft/contracts';
import { START, compareCursors, formatCursor, parseCursor } from '../cursor';
import { Bell } from '../lease/bell';
import { createWorker, type Worker } from '../lease/worker';
import { silentLogger, type StoreLogger } from '../logger';
import type { EventReader, LogPage } from '../read/event-reader';
import { qualified } from '../schema/sql';
import type { Cursor } from '../types';
import { toMessage } from '../wire/cloud-event';
import { backlogBehind, type Backlog } from './backlog';
import { eventsStream, type EventsStream } from './events-stream';

export interface RelayOptions {
  /** The log: an EventStore will do. */
  store: EventReader & { pool: Pool; schema: string; context: string };
  nats: NatsConnection;
  /** JetStream stream name (WEFT_EVENTS). */
  stream?: string;
  maxAgeMs?: number;
  maxBytes?: number;
  replicas?: number;
  logger?: StoreLogger;
  /** How long a dead relay's successor waits, in milliseconds (5,000). */
  leaseMs?: number;
  /** How often the log is read when no poke arrives, in milliseconds (250). */
  pollMs?: number;
  /** How often the stream's tail is compared with what was published, in milliseconds (5,000). */
  verifyMs?: number;
  /** Events that an empty stream is refilled with at most (100,000); readers fetch older ones from the producer. */
  refill?: number;
}

export interface Relay extends Worker {
  /**
   * Something was appended, up to `place`: the relay that leads, here or in another replica, looks now unless it has, and
   * whoever else listens for pokes is told.
   */
  wake(place?: Cursor): void;
  /** What is still to be published; undefined while another replica's relay has the lease. */
  backlog(): Promise<Backlog | undefined>;
}

const PAGE = 256;
/** While the fence holds events back, the log is read again after this long. */
const FENCED_PAUSE_MS = 2;

export function createRelay(options: RelayOptions): Relay {
  const { store, nats, logger = silentLogger } = options;
  const bell = new Bell();
  const connection = watchConnection(nats);
  const stream = eventsStream(nats, { ...options, name: options.stream ?? EVENTS_STREAM });
  let leads = false;
  let reached: Cursor | undefined;
  let read = START;
  const ring = (place: Cursor | undefined): void => {
    if (!place || compareCursors(read, place) < 0) bell.ring();
  };
  const worker = createWorker({
    pool: store.pool,
    schema: store.schema,
    name: 'relay',
    leaseMs: options.leaseMs ?? 5_000,
    logger,
    session: async (_lease, signal) => {
      leads = true;
      read = START;
      const progress = { onRead: (place: Cursor) => (read = place), onReached: (place: Cursor) => (reached = place) };
      await new RelaySession(options, stream, bell, connection, signal, progress).run().finally(() => (leads = false));
    },
  });
  const poke = pokeRelay(nats, store.context);
  let pokes: { unsubscribe(): void } | undefined;

  return {
    start() {
      pokes ??= nats.subscribe(pokeSubject(store.context), { callback: (_, message) => ring(pokedPlace(message.string())) });
      worker.start();
    },
    async stop() {
      if (!nats.isClosed()) pokes?.unsubscribe();
      pokes = undefined;
      await worker.stop();
    },
    wake(place) {
      // Its own poke is on the way through the broker: it need not wait for that.
      if (leads) ring(place);
      poke(undefined, place);
    },
    backlog: async () => (leads && reached ? backlogBehind(store.pool, store.schema, reached) : undefined),
  };
}

/** Counts disconnects: a batch counts only when the count is the same before and behind it. */
function watchConnection(nats: NatsConnection): { losses: number } {
  const seen = { losses: 0 };
  void (async () => {
    for await (const { type } of nats.status()) if (type === 'disconnect' || type === 'reconnect') seen.losses += 1;
  })();
  return seen;
}

interface Progress {
  /** Everything up to there was read, and will be published or read again. */
  onRead(place: Cursor): void;
  /** Everything up to there is in the stream. */
  onReached(place: Cursor): void;
}

class RelaySession {
  /** Highest place known to be stored without a gap before it, in this session. */
  private cursor: Cursor = START;
  private refilling = true;
  private losses: number;
  private verified = performance.now();

  constructor(
    private readonly options: RelayOptions,
    private readonly stream: EventsStream,
    private readonly bell: Bell,
    private readonly connection: { losses: number },
    private readonly signal: AbortSignal,
    private readonly progress: Progress,
  ) {
    this.losses = connection.losses;
  }

  async run(): Promise<void> {
    await this.rewind();
    while (!this.signal.aborted) {
      if (this.connection.losses !== this.losses) await this.rewind();
      if (!(await this.publishPage())) await this.verify();
    }
  }

  /** True when there may be more at once. */
  private async publishPage(): Promise<boolean> {
    const { store, pollMs = 250 } = this.options;
    const page = await store.readAll(this.cursor, PAGE);
    this.progress.onRead(page.next);
    if (this.signal.aborted || this.connection.losses !== this.losses) return true;
    if (page.events.length > 0 && !(await this.publish(page))) return true;
    if (page.events.length === PAGE) return true;
    this.refilling = false;
    if (page.fenced) await sleep(FENCED_PAUSE_MS);
    else await this.bell.wait(pollMs, this.signal);
    return page.fenced;
  }

  /** False when some of it may be missing in the stream. */
  private async publish(page: LogPage): Promise<boolean> {
    const { store, logger = silentLogger } = this.options;
    const messages = page.events.map((event, index) => toMessage(store.context, event, index === 0 ? this.cursor : page.events[index - 1]!));
    try {
      await this.stream.publish(messages, this.refilling ? undefined : page.events.map(({ id }) => id));
    } catch (error) {
      logger.warn({ err: error, context: store.context }, 'events not acknowledged, rewinding');
      await sleep(FENCED_PAUSE_MS * 10);
      await this.rewind();
      return false;
    }
    if (this.connection.losses !== this.losses) return false;
    this.progress.onReached((this.cursor = page.next));
    return true;
  }

  /** Goes on from the stream's tail, but never past what this session knows to be complete. */
  private async rewind(): Promise<void> {
    const { store, logger = silentLogger } = this.options;
    this.losses = this.connection.losses;
    await this.stream.ensure();
    const tail = await this.stream.tail(store.context);
    const known = this.cursor;
    if (tail === undefined) this.cursor = await this.refillStart();
    else this.cursor = compareCursors(known, START) > 0 && compareCursors(known, tail) < 0 ? known : tail;
    this.refilling = true;
    this.progress.onReached(this.cursor);
    this.verified = performance.now();
    logger.debug({ context: store.context, cursor: this.cursor }, 'relay goes on from the tail of the stream');
  }

  /** Idle: is the stream still what we left? Somebody may have deleted or purged it. */
  private async verify(): Promise<void> {
    if (performance.now() - this.verified < (this.options.verifyMs ?? 5_000) || this.signal.aborted) return;
    this.verified = performance.now();
    await this.stream.ensure();
    const tail = await this.stream.tail(this.options.store.context);
    if (compareCursors(tail ?? START, this.cursor) < 0) await this.rewind();
  }

  private async refillStart(): Promise<Cursor> {
    const { pool, schema } = this.options.store;
    const sql = `SELECT tx, position FROM ${qualified(schema, 'event')} ORDER BY tx DESC, position DESC OFFSET $1 LIMIT 1`;
    const { rows } = await pool.query<Cursor>(sql, [this.options.refill ?? 100_000]);
    return rows[0] ?? START;
  }
}

/** For `onAppended` of a process without a relay: tells the one that leads, wherever it runs, that there is something to publish. */
export const pokeRelay =
  (nats: NatsConnection, context: string): ((events: unknown, place?: Cursor) => void) =>
  (_events, place) => {
    if (!nats.isClosed()) nats.publish(pokeSubject(context), place ? formatCursor(place) : '');
  };

/** Undefined for a poke that does not say where. */
const pokedPlace = (payload: string): Cursor | undefined => (/^\d{1,20}\.\d{1,19}$/.test(payload) ? parseCursor(payload) : undefined);
