import type { Upcast } from '../read/upcasting';
import type { Command, EventMeta, Fold, NewEvent, UnitOfWork } from '../types';
import { StreamsMoved } from './append-error';
import type { KeyedMutex } from './keyed-mutex';
import type { StreamCache } from './stream-cache';
import { prepareEvent, type Fate, type PreparedEvent, type TransactionWork, type Unit } from './unit';

export interface SessionParts {
  cache: StreamCache;
  mutex: KeyedMutex;
  upcast: Upcast;
}

interface Touched {
  expected: number;
  cached: boolean;
  fate: Fate | undefined;
}

/**
 * One attempt of a command's handler: what it loads, appends and asks for. The first stream it touches is held by a
 * mutex until `release` (when its unit is queued for the commit), so that commands on one aggregate queue up in this
 * process instead of failing and retrying.
 * Further streams are only checked at commit: holding more than one lock could deadlock.
 */
export class UnitSession implements UnitOfWork {
  private readonly touched = new Map<string, Touched>();
  private readonly pending = new Map<string, PreparedEvent[]>();
  private readonly appended: { stream: string; event: NewEvent }[] = [];
  private readonly works: TransactionWork[] = [];
  readonly afterwards: (() => void | Promise<void>)[] = [];
  private unlock: (() => void) | undefined;
  private readonly meta: EventMeta;

  constructor(
    readonly command: Command,
    readonly now: Date,
    private readonly parts: SessionParts,
  ) {
    this.meta = { ...command.meta, time: now.toISOString() };
  }

  async load<S, E extends NewEvent>(fold: Fold<S, E>, stream: string): Promise<{ state: S; version: number }> {
    await this.lockFirst(stream);
    const { state, version, cached, fate } = await this.parts.cache.load(fold, stream);
    const seen = this.touched.get(stream);
    if (seen && seen.expected !== version) throw new StreamsMoved([stream]);
    if (!seen) this.touched.set(stream, { expected: version, cached, fate });
    const mine = this.appended.filter((entry) => entry.stream === stream);
    const evolved = mine.reduce((folded, { event }) => fold.evolve(folded, this.prepare(stream, 0, event) as unknown as E), state);
    return { state: evolved, version: version + mine.length };
  }

  append(stream: string, events: readonly NewEvent[]): void {
    for (const event of events) this.appended.push({ stream, event });
  }

  inTransaction(work: TransactionWork): void {
    this.works.push(work);
  }

  afterCommit(work: () => void | Promise<void>): void {
    this.afterwards.push(work);
  }

  /** The unit to commit. Streams that were appended to unseen continue at the version they have now. */
  async finish(hash: string, result: unknown): Promise<Unit> {
    const events: PreparedEvent[] = [];
    for (const { stream, event } of this.appended) {
      const { expected } = await this.touch(stream);
      const before = this.pending.get(stream) ?? [];
      const prepared = this.prepare(stream, expected + before.length + 1, event);
      this.pending.set(stream, [...before, prepared]);
      events.push(prepared);
    }
    const streams = new Map<string, { expected: number; appended: number }>();
    for (const [stream, { expected }] of this.touched) {
      streams.set(stream, { expected, appended: this.pending.get(stream)?.length ?? 0 });
    }
    const json = JSON.stringify(result) ?? 'null';
    return { command: this.command, hash, streams, events, works: this.works, result: json, fate: { failed: false }, basedOn: this.fates() };
  }

  /** Streams that were decided on without asking the database, with the version believed. */
  believed(): Map<string, number> {
    const believed = new Map<string, number>();
    for (const [stream, { expected, cached }] of this.touched) if (cached) believed.set(stream, expected);
    return believed;
  }

  /** True when something was decided on the effect of a unit that came to nothing. */
  isUnfounded(): boolean {
    return this.fates().some(({ failed }) => failed);
  }

  /** Moves the cached states on, before `release`: the next in the queue builds on them. `forgetCached` if it fails. */
  advanceCache(fate: Fate): void {
    for (const [stream, events] of this.pending) this.parts.cache.advance(stream, this.touched.get(stream)!.expected, events, fate);
  }

  forgetCached(): void {
    for (const stream of this.touched.keys()) this.parts.cache.forget(stream);
  }

  release(): void {
    this.unlock?.();
    this.unlock = undefined;
  }

  private fates(): Fate[] {
    return [...this.touched.values()].flatMap(({ fate }) => fate ?? []);
  }

  private async lockFirst(stream: string): Promise<void> {
    if (!this.unlock && this.touched.size === 0) this.unlock = await this.parts.mutex.acquire(stream);
  }

  private async touch(stream: string): Promise<Touched> {
    const seen = this.touched.get(stream);
    if (seen) return seen;
    await this.lockFirst(stream);
    const { version, cached, fate } = await this.parts.cache.version(stream);
    const touched = { expected: version, cached, fate };
    this.touched.set(stream, touched);
    return touched;
  }

  private prepare(stream: string, version: number, event: NewEvent): PreparedEvent {
    return prepareEvent(this.meta, this.parts.upcast, stream, version, event);
  }
}
