import fc from 'fast-check';
import { compareCursors, formatCursor, parseCursor, splitStream } from './index';
import { canonicalJson, hashCommand } from './command/command-log';
import { BoundedMap } from './command/bounded-map';
import { KeyedMutex } from './command/keyed-mutex';
import { upcasting } from './read/upcasting';
import { identifier } from './schema/sql';
import { ledgerCommand } from './testing/ledger';
import { fromMessage, toMessage } from './wire/cloud-event';

const cursor = fc.record({ tx: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String), position: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String) });

test('cursors order as pairs of numbers and survive their text form', () => {
  fc.assert(
    fc.property(cursor, cursor, (a, b) => {
      const byNumber = BigInt(a.tx) - BigInt(b.tx) || BigInt(a.position) - BigInt(b.position);
      expect(Math.sign(compareCursors(a, b))).toBe(byNumber < 0n ? -1 : byNumber > 0n ? 1 : 0);
      expect(parseCursor(formatCursor(a))).toEqual(a);
    }),
  );
  expect(() => parseCursor('1')).toThrow('not a cursor');
});

test('canonical JSON does not depend on the order of keys and keeps the value', () => {
  const shuffled = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shuffled)
      : value !== null && typeof value === 'object'
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([k, v]) => [k, shuffled(v)]),
          )
        : value;
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  const command = ledgerCommand('Book', { a: 1 });
  expect(hashCommand({ ...command, name: 'Other' })).not.toBe(hashCommand(command));
});

test('an event survives the way over NATS, whatever its names are', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      cursor,
      cursor,
      fc.dictionary(fc.string(), fc.jsonValue()),
      (name, id, at, previous, data) => {
        const { meta } = ledgerCommand('Book', {});
        const event = {
          ...at,
          id: 'e',
          stream: `noun-${name}`,
          version: 3,
          type: 'Booked',
          data: JSON.parse(JSON.stringify(data)) as object,
          schemaVersion: 2,
          commandId: id,
          meta: { ...meta, time: '2026-01-01T00:00:00.000Z' },
        };
        const message = toMessage('ledger', event, previous);
        expect(message.subject.split('.')).toHaveLength(6);
        expect(fromMessage(message.headers, message.payload)).toEqual({ event, previous });
      },
    ),
  );
});

test('streams split into noun and id', () => {
  expect(splitStream('storage-pool-0190a1b2-0000-7000-8000-000000000001')).toEqual({ noun: 'storage-pool', id: '0190a1b2-0000-7000-8000-000000000001' });
  expect(splitStream('project-my-project')).toEqual({ noun: 'project', id: 'my-project' });
  expect(splitStream('server')).toEqual({ noun: 'server', id: '_' });
});

test('upcasters chain, and two from one version are a mistake', () => {
  const up = (n: number) => ({ type: 'A', fromVersion: n, up: (data: object) => ({ ...data, [`v${n + 1}`]: true }) });
  expect(upcasting([up(1), up(2)])('A', 1, {})).toEqual({ schemaVersion: 3, data: { v2: true, v3: true } });
  expect(upcasting([up(1), up(2)])('B', 1, {})).toEqual({ schemaVersion: 1, data: {} });
  expect(() => upcasting([up(1), up(1)])).toThrow('two upcasters');
});

test('a bounded map knows the entries used last, and no more than twice as many', () => {
  const key = fc.integer({ min: 0, max: 20 });
  const step = fc.oneof(fc.record({ set: key }), fc.record({ get: key }), fc.record({ remove: key }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 80 }), (capacity, steps) => {
      const map = new BoundedMap<number, number>(capacity);
      let used: { key: number; value: number }[] = [];
      const use = (entry: { key: number; value: number }): void => void (used = [entry, ...used.filter((other) => other.key !== entry.key)]);
      steps.forEach((action, value) => {
        if ('set' in action) {
          map.set(action.set, value);
          use({ key: action.set, value });
        } else if ('get' in action) {
          const before = used.find((entry) => entry.key === action.get);
          const found = map.get(action.get);
          if (found !== undefined) {
            expect(found).toBe(before?.value);
            use({ key: action.get, value: found });
          } else expect(used.slice(0, capacity)).not.toContainEqual(before);
        } else {
          map.delete(action.remove);
          used = used.filter((entry) => entry.key !== action.remove);
        }
      });
      const present = Array.from({ length: 21 }, (_, candidate) => candidate).filter((candidate) => map.get(candidate) !== undefined);
      expect(present.length).toBeLessThanOrEqual(2 * capacity + 1);
    }),
  );
});

test('a keyed mutex lets one in at a time, in order', async () => {
  const mutex = new KeyedMutex();
  const order: number[] = [];
  let inside = 0;
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const release = await mutex.acquire('k');
      expect((inside += 1)).toBe(1);
      await Promise.resolve();
      order.push(i);
      inside -= 1;
      release();
      release();
    }),
  );
  expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('identifiers cannot break out of their quotes', () => {
  expect(identifier('a"; DROP TABLE x; --')).toBe('"a""; DROP TABLE x; --"');
});
