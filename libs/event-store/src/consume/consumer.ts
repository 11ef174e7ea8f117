/**
 * Reads another context's events, each exactly once in effect: the checkpoint (the producer's cursor) commits in the
 * same Postgres transaction as what the handler does, under a fenced lease.
 *
 *   live event, prev == checkpoint  -> apply
 *   live event, at or before it     -> drop (duplicate)
 *   live event, prev != checkpoint  -> a hole: fetch from the producer until its head
 *   start, reconnect, silence       -> the same
 *
 * JetStream is never asked where we are: an acknowledgement says nothing about what we committed.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { EVENTS_STREAM } from '@weft/contracts';
import { inOrder, inTransaction } from '../command/connections';
import { compareCursors, cursorOf } from '../cursor';
import { Bell } from '../lease/bell';
import type { Lease } from '../lease/lease';
import { createWorker, type Worker } from '../lease/worker';
import { silentLogger, type StoreLogger } from '../logger';
import type { Cursor, RecordedEvent } from '../types';
import { openLiveFeed, type LiveEvent, type LiveFeed } from './live-feed';
import type { FetchFromProducer } from './producer-link';

export interface ConsumerOptions {
  /** Unique within the schema: the name of the checkpoint row. */
  name: string;
  /** Database and schema of the reader: where effects and checkpoint commit. */
  pool: Pool;
  schema: string;
  /** Whose events. */
  context: string;
  nats: NatsConnection;
  fetchFromProducer: FetchFromProducer;
  /** Event types it wants (all); the checkpoint moves past the others. */
  handles?: readonly string[];
  /** Effects of a batch, in log order, inside the checkpoint's transaction. A failure is retried for ever. */
  handle(events: readonly RecordedEvent[], client: ClientBase): Promise<void>;
  /** After the commit of what it wanted: effects that may be lost. */
  committed?(events: readonly RecordedEvent[], cursor: Cursor): void;
  stream?: string;
  logger?: StoreLogger;
  /** Events in one transaction (200). */
  batch?: number;
  /** How long a dead consumer's successor waits, in milliseconds (5,000). */
  leaseMs?: number;
  /** Silence after which the producer is asked, in milliseconds (2,000). */
  idleMs?: number;
}

/** Events that the reader does not want move its checkpoint at most this often, in milliseconds: each move is a transaction. */
const SKIP_MS = 50;

export function createConsumer(options: ConsumerOptions): Worker {
  const logger = options.logger ?? silentLogger;
  return createWorker({
    pool: options.pool,
    schema: options.schema,
    name: options.name,
    leaseMs: options.leaseMs ?? 5_000,
    logger,
    session: async (lease, signal) => {
      const bell = new Bell();
      const feed = openLiveFeed(options.nats, options.stream ?? EVENTS_STREAM, options.context, bell, logger);
      try {
        await new ConsumerSession(options, lease, feed, bell, signal).run();
      } finally {
        await feed.close();
      }
    },
  });
}

class ConsumerSession {
  private cursor: Cursor;
  private streamSequence: string;
  /** Since when the cursor is ahead of the checkpoint, by events that nobody here wants. */
  private skippingSince: number | undefined;
  private readonly batch: number;

  constructor(
    private readonly options: ConsumerOptions,
    private readonly lease: Lease,
    private readonly feed: LiveFeed,
    private readonly bell: Bell,
    private readonly signal: AbortSignal,
  ) {
    this.cursor = cursorOf(lease.checkpoint);
    this.streamSequence = lease.checkpoint.streamSequence;
    this.batch = options.batch ?? 200;
  }

  async run(): Promise<void> {
    while (!this.signal.aborted) {
      if (this.feed.takeDoubt()) await this.catchUp();
      const live = this.feed.take(this.batch);
      if (live.length > 0) await this.follow(live);
      else if (this.skippingSince !== undefined) await this.keepSkipped(this.skippingSince);
      else if (!(await this.rest())) await this.catchUp();
    }
  }

  /** False when it stayed silent: perhaps the relay or the broker is gone. */
  private async rest(): Promise<boolean> {
    const before = performance.now();
    const idleMs = this.options.idleMs ?? 2_000;
    await this.bell.wait(idleMs, this.signal);
    return performance.now() - before < idleMs;
  }

  private async follow(live: readonly LiveEvent[]): Promise<void> {
    const chain: LiveEvent[] = [];
    let end = this.cursor;
    let hole = false;
    for (const received of live) {
      if (compareCursors(received.event, end) <= 0) continue;
      if (compareCursors(received.previous, end) !== 0) {
        hole = true;
        break;
      }
      chain.push(received);
      end = cursorOf(received.event);
    }
    if (chain.length > 0) {
      this.streamSequence = chain.at(-1)!.streamSequence;
      await this.apply(
        chain.map(({ event }) => event),
        end,
      );
    }
    if (hole) await this.catchUp();
  }

  private async catchUp(): Promise<void> {
    while (!this.signal.aborted) {
      const page = await this.options.fetchFromProducer(this.cursor, this.batch);
      if (page.events.length > 0) await this.apply(page.events, page.next);
      else return;
    }
  }

  private async apply(events: readonly RecordedEvent[], to: Cursor): Promise<void> {
    const { handles } = this.options;
    const wanted = handles ? events.filter(({ type }) => handles.includes(type)) : events;
    if (wanted.length > 0) return this.commit(wanted, to);
    this.cursor = to;
    this.skippingSince ??= performance.now();
    if (performance.now() - this.skippingSince >= SKIP_MS) await this.commit([], to);
  }

  /** Others look at the checkpoint to learn how far this reader is: it does not stay behind for long. */
  private async keepSkipped(since: number): Promise<void> {
    const left = since + SKIP_MS - performance.now();
    if (left > 0) await this.bell.wait(left, this.signal);
    if (performance.now() - since >= SKIP_MS) await this.commit([], this.cursor);
  }

  private async commit(wanted: readonly RecordedEvent[], to: Cursor): Promise<void> {
    const { handle, pool, schema, committed } = this.options;
    // First the checkpoint: its row lock keeps a successor out until this transaction has ended. What a crash of the server
    // takes back, it takes back with the checkpoint: it is done again.
    const apply = async (client: ClientBase): Promise<void> => {
      if (wanted.length > 0) await handle(wanted, client);
    };
    const write = (client: PoolClient) => inOrder(client, [() => this.lease.advance(client, to, this.streamSequence), () => apply(client)]);
    await inTransaction(pool, schema, write, 'later');
    this.cursor = to;
    this.skippingSince = undefined;
    if (wanted.length > 0) committed?.(wanted, to);
  }
}
