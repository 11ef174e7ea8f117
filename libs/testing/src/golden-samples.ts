/**
 * Samples of every event version that was ever written, `<noun>.json` in a service's `golden/`. They are never edited: a change
 * that breaks one needs a new schema version and an upcaster.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Sample {
  type: string;
  schemaVersion: number;
  data: object;
}

interface AnyFold {
  initial: unknown;
  evolve(state: unknown, event: { type: string; data: object }): unknown;
}

export interface GoldenNoun {
  /** Schemas by event type. */
  events: Readonly<Record<string, { parse(data: unknown): unknown }>>;
  /** A `Fold` of these events. */
  fold: unknown;
  /** What folding all samples of the noun, in their order, gives. */
  ends: object;
  /** What folding all but the last gives: a noun that ends deleted shows nothing of itself in its end. */
  before?: object;
}

/** @param dir absolute path of the `golden` folder: no file in it may be left without a noun */
export function describeGoldenSamples(dir: string, nouns: Readonly<Record<string, GoldenNoun>>): void {
  describe.each(Object.entries(nouns))('golden samples of %s', (noun, { events, fold, ends, before }) => {
    const samples = JSON.parse(readFileSync(join(dir, `${noun}.json`), 'utf8')) as Sample[];

    it('are there for every event type', () => {
      expect([...new Set(samples.map(({ type }) => type))].sort()).toEqual(Object.keys(events).sort());
    });

    it.each(samples.map((sample) => [`${sample.type} v${sample.schemaVersion}`, sample] as const))('%s can still be read', (_name, { type, data }) => {
      expect(events[type]!.parse(data)).toEqual(data);
    });

    it('fold as they did', () => {
      const { initial, evolve } = fold as AnyFold;
      const states = samples.reduce<unknown[]>((past, event) => [...past, evolve(past.at(-1), event)], [initial]);
      expect(states.at(-1)).toMatchObject(ends);
      if (before) expect(states.at(-2)).toMatchObject(before);
    });
  });

  it('no sample is left without a noun', () => {
    expect(readdirSync(dir).sort()).toEqual(
      Object.keys(nouns)
        .map((noun) => `${noun}.json`)
        .sort(),
    );
  });
}
