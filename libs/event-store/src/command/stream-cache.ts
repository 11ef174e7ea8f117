/**
 * Folded states of the streams used last. A cached state may be old (another replica appended): that is harmless,
 * because a unit of work commits only when every stream it loaded still has the version that it saw, and a refusal
 * that rests on cached state is checked before it is believed.
 *
 * A state may also be early: `advance` adds the events of a unit that is still on its way to the disk. It carries that
 * unit's fate, because after a failure another writer may fill the same version with something else.
 */
import type { EventReader } from '../read/event-reader';
import type { Fold, NewEvent } from '../types';
import { BoundedMap } from './bounded-map';
import type { Fate } from './unit';

/** A fold with its types erased: the cache keeps states of many kinds. */
interface AnyFold {
  initial: unknown;
  evolve(state: unknown, event: AnyEvent): unknown;
}

interface AnyEvent {
  type: string;
  data: object;
}

interface CachedStream {
  version: number;
  states: Map<AnyFold, unknown>;
  /** Events up to `version` that the states do not have yet. */
  behind: AnyEvent[];
  /** All its events, while they are few, of a stream that began here: a state of any kind can be made of them. */
  whole?: AnyEvent[] | undefined;
  fate?: Fate;
}

export interface Loaded<S> {
  state: S;
  version: number;
  /** True when no query was needed, so nobody knows whether it is still true. */
  cached: boolean;
  fate?: Fate | undefined;
}

/** Events of a stream that are kept as they are; states are smaller. */
const FEW = 8;

export class StreamCache {
  private readonly streams: BoundedMap<string, CachedStream>;

  constructor(
    private readonly reader: EventReader,
    capacity: number,
  ) {
    this.streams = new BoundedMap(capacity);
  }

  /** The state that is in memory, if any. */
  peek<S, E extends NewEvent>(fold: Fold<S, E>, stream: string): Loaded<S> | undefined {
    const known = this.streams.get(stream);
    const erased = fold as unknown as AnyFold;
    if (!known) return undefined;
    foldIn(known);
    if (known.whole && !known.states.has(erased)) known.states.set(erased, foldAll(erased, known.whole));
    if (!known.states.has(erased)) return undefined;
    return { state: known.states.get(erased) as S, version: known.version, cached: true, fate: known.fate };
  }

  async load<S, E extends NewEvent>(fold: Fold<S, E>, stream: string): Promise<Loaded<S>> {
    const events = await this.reader.readStream(stream);
    const erased = fold as unknown as AnyFold;
    const state = foldAll(erased, events);
    const version = events.at(-1)?.version ?? 0;
    const entry = this.streams.get(stream);
    if (entry && entry.version === version) {
      foldIn(entry);
      entry.states.set(erased, state);
    } else if (!entry || entry.version < version) this.streams.set(stream, { version, states: new Map([[erased, state]]), behind: [] });
    return { state: state as S, version, cached: false };
  }

  /** Version of a stream that is about to be appended to without having been loaded. */
  async version(stream: string): Promise<Omit<Loaded<never>, 'state'>> {
    const known = this.streams.get(stream);
    if (known) return { version: known.version, cached: true, fate: known.fate };
    return { version: await this.reader.version(stream), cached: false };
  }

  /** A stream whose first events are about to be queued. */
  begin(stream: string): void {
    this.streams.set(stream, { version: 0, states: new Map(), behind: [], whole: [] });
  }

  /**
   * Moves a cached stream on by the events of a unit that was queued behind version `before`. They are folded when
   * somebody loads the stream or `settle` is called: while Postgres writes there is time for it.
   */
  advance(stream: string, before: number, events: readonly AnyEvent[], fate: Fate): void {
    const known = this.streams.get(stream);
    if (!known || known.version !== before) return this.streams.delete(stream);
    for (const event of events) known.behind.push(event);
    if (known.whole) known.whole = known.whole.length < FEW ? [...known.whole, ...events] : undefined;
    known.version = before + events.length;
    known.fate = fate;
  }

  settle(stream: string): void {
    const known = this.streams.get(stream);
    if (!known) return;
    try {
      foldIn(known);
    } catch {
      // A fold that cannot take an event says so to the next command that loads the stream.
      this.streams.delete(stream);
    }
  }

  forget(stream: string): void {
    this.streams.delete(stream);
  }

  clear(): void {
    this.streams.clear();
  }
}

const foldAll = (fold: AnyFold, events: readonly AnyEvent[]): unknown => events.reduce((state: unknown, event) => fold.evolve(state, event), fold.initial);

function foldIn(stream: CachedStream): void {
  if (stream.behind.length === 0) return;
  const { states, behind } = stream;
  const folded = new Map<AnyFold, unknown>();
  for (const [fold, state] of states) {
    folded.set(
      fold,
      behind.reduce((before, event) => fold.evolve(before, event), state),
    );
  }
  stream.states = folded;
  stream.behind = [];
}
