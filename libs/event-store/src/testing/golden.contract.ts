/**
 * Golden samples: one JSON file per event type and version ever written, kept for ever and read on every test run.
 *
 *   <service>/src/domain/golden/<EventType>.v<version>.json     the event's data as it was stored
 *
 * A type without a sample of its newest version fails, and so does an old sample that the upcasters no longer lift to
 * something that the domain understands.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { upcasting } from '../read/upcasting';
import type { Upcaster } from '../types';

export interface GoldenOptions {
  /** Absolute path of the `golden` folder. */
  dir: string;
  /** Every event type with its newest schema version. */
  types: Readonly<Record<string, number>>;
  upcasters?: readonly Upcaster[];
  /** Throws when the domain does not understand the data in its newest shape: parse it, and fold it. */
  understand(type: string, data: object): void;
}

export function goldenContract(options: GoldenOptions): void {
  const upcast = upcasting(options.upcasters ?? []);
  const samples = readdirSync(options.dir)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, match: /^(\w+)\.v(\d+)\.json$/.exec(file) }));

  describe('golden samples', () => {
    test('are named <EventType>.v<version>.json', () => {
      expect(samples.filter(({ match }) => !match).map(({ file }) => file)).toEqual([]);
    });

    test('exist for every type and every version of it', () => {
      const wanted = Object.entries(options.types).flatMap(([type, newest]) => Array.from({ length: newest }, (_, i) => `${type}.v${i + 1}.json`));
      expect(samples.map(({ file }) => file).sort()).toEqual(wanted.sort());
    });

    test.each(samples.map(({ file }) => file))('%s is still understood', (file) => {
      const [, type, version] = /^(\w+)\.v(\d+)\.json$/.exec(file)!;
      const stored = JSON.parse(readFileSync(join(options.dir, file), 'utf8')) as object;
      const lifted = upcast(type!, Number(version), stored);
      expect(lifted.schemaVersion).toBe(options.types[type!]);
      options.understand(type!, lifted.data);
    });
  });
}
