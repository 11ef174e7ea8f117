import type { Upcast } from '../read/upcasting';
import type { Command, EventMeta, Fold, NewEvent, UnitOfWork } from '../types';
import { StreamsMoved } from './append-error';
import type { KeyedMutex } from './keyed-mutex';
import type { StreamCache } from './stream-cache';
import { PreparedEvent, type Fate, type TransactionWork, type Unit } from './unit';

export interface SessionParts {
  cache: StreamCache;
  mutex: KeyedMutex;
  upcast: Upcast;
}

interface Touched {
  expected: number;
  /** Events appended, counted when the unit is finished. */
  appended: number;
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
  private events: PreparedEvent[] = [];
  private readonly appended: { stream: string; event: NewEvent }[] = [];
  private readonly begun = new Set<string>();
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
    const loaded = this.parts.cache.peek(fold, stream) ?? (await this.parts.cache.load(fold, stream));
    const { state, version } = loaded;
    const seen = this.touched.get(stream);
    if (!seen) this.remember(stream, loaded);
    else if (seen.expected !== version) throw new StreamsMoved([stream]);
    if (this.appended.length === 0) return { state, version };
    const mine = this.appended.filter((entry) => entry.stream === stream);
    const evolved = mine.reduce((folded, { event }) => fold.evolve(folded, this.prepare(stream, 0, event) as unknown as E), state);
    return { state: evolved, version: version + mine.length };
  }

  append(stream: string, events: readonly NewEvent[]): void {
    for (const event of events) this.appended.push({ stream, event });
  }

  begin(stream: string, events: readonly NewEvent[]): void {
    this.begun.add(stream);
    this.append(stream, events);
  }

  inTransaction(work: TransactionWork): void {
    this.works.push(work);
  }

  afterCommit(work: () => void | Promise<void>): void {
    this.afterwards.push(work);
  }

  /** The unit to commit. Streams that were appended to unseen continue at the version they have now. */
  async finish(hash: string, result: unknown): Promise<Unit> {
    for (const { stream, event } of this.appended) {
      const touched = this.touched.get(stream) ?? (await this.touch(stream));
      touched.appended += 1;
      this.events.push(this.prepare(stream, touched.expected + touched.appended, event));
    }
    return {
      command: this.command,
      hash,
      streams: this.touched,
      events: this.events,
      works: this.works,
      result: JSON.stringify(result) ?? 'null',
      fate: { failed: false },
      basedOn: this.fates(),
    };
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
    const { cache } = this.parts;
    for (const [stream, { expected, appended }] of this.touched) {
      if (this.begun.has(stream)) cache.begin(stream);
      if (appended > 0) cache.advance(stream, expected, this.touched.size === 1 ? this.events : this.events.filter((event) => event.stream === stream), fate);
    }
  }

  /** Folds what `advanceCache` only noted, unless somebody needed it before. */
  settleCache(): void {
    for (const [stream, { appended }] of this.touched) if (appended > 0) this.parts.cache.settle(stream);
  }

  forgetCached(): void {
    for (const stream of this.touched.keys()) this.parts.cache.forget(stream);
  }

  release(): void {
    this.unlock?.();
    this.unlock = undefined;
  }

  private fates(): Fate[] {
    const fates: Fate[] = [];
    for (const { fate } of this.touched.values()) if (fate) fates.push(fate);
    return fates;
  }

  private async lockFirst(stream: string): Promise<void> {
    if (!this.unlock && this.touched.size === 0) this.unlock = await this.parts.mutex.acquire(stream);
  }

  private async touch(stream: string): Promise<Touched> {
    if (this.begun.has(stream)) return this.remember(stream, { version: 0, cached: true });
    await this.lockFirst(stream);
    return this.remember(stream, await this.parts.cache.version(stream));
  }

  private remember(stream: string, { version, cached, fate }: { version: number; cached: boolean; fate?: Fate | undefined }): Touched {
    const touched = { expected: version, appended: 0, cached, fate };
    this.touched.set(stream, touched);
    return touched;
  }

  private prepare(stream: string, version: number, event: NewEvent): PreparedEvent {
    return new PreparedEvent(this.meta, this.parts.upcast, stream, version, event);
  }
}
