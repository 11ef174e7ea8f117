/** The zone's log: folding it gives the content that was wanted, with serials that count changes and nothing else. */
import type { ZoneResourceRecord } from '@weft/contracts';
import { compareSerials } from '@weft/dns';
import fc from 'fast-check';
import { contentChanges, serialAfter, type OwnerChange } from './content-change';

const place = { id: 'z', project: 'default', name: 'lab.example', change: 0, serial: 0, primary: 'a.', contact: 'b.' };
const soa = { primary: 'a.', contact: 'b.' };
const key = ({ name, ttl, type, value }: ZoneResourceRecord): string => `${name} ${ttl} ${type} ${value}`;

const records = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('a.', 'b.', 'c.', 'd.'),
      ttl: fc.constantFrom(1, 2),
      type: fc.constantFrom('A', 'TXT'),
      value: fc.constantFrom('1', '2', '3'),
    }),
    {
      selector: key,
    },
  )
  .map((list) => new Map(list.map((record) => [key(record), record])));
type Content = Map<string, ZoneResourceRecord>;

const ownersOf = (before: Content, after: Content): OwnerChange[] =>
  ['a.', 'b.', 'c.', 'd.'].map((owner) => ({
    before: [...before.values()].filter(({ name }) => name === owner),
    after: [...after.values()].filter(({ name }) => name === owner),
  }));

it('fold of the changes = content; a serial for each change, none without one', () => {
  fc.assert(
    fc.property(fc.array(records, { maxLength: 8 }), (wanted) => {
      let state = place;
      let content: Content = new Map();
      for (const next of wanted) {
        const events = contentChanges(state, ownersOf(content, next), soa);
        const folded = new Map(content);
        for (const { data } of events) {
          for (const record of data.removed) expect(folded.delete(key(record))).toBe(true);
          for (const record of data.added) folded.set(key(record), record);
          expect(data.removed.length + data.added.length).toBeGreaterThan(0);
          expect([data.change, data.serial]).toEqual([state.change + 1, state.serial + 1]);
          state = { ...state, change: data.change, serial: data.serial };
        }
        expect([...folded.keys()].sort()).toEqual([...next.keys()].sort());
        content = folded;
      }
    }),
  );
});

it('splits what is too large for a message, name by name', () => {
  const after = (n: number): ZoneResourceRecord[] => [{ name: `n${n}.`, ttl: 300, type: 'TXT', value: 'x'.repeat(1_000) }];
  const events = contentChanges(
    place,
    Array.from({ length: 1_000 }, (_, n) => ({ before: [], after: after(n) })),
    soa,
  );
  expect(events.length).toBeGreaterThan(4);
  expect(events.map(({ data }) => data.serial)).toEqual(events.map((_, index) => index + 1));
  for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(400_000);
});

it('a change of the SOA alone is a change', () => {
  expect(contentChanges({ ...place, serial: 7 }, [], { primary: 'ns.', contact: 'b.' })).toMatchObject([{ data: { serial: 8, removed: [], added: [] } }]);
  expect(contentChanges(place, [], soa)).toEqual([]);
});

it('serials go round without passing zero, and always upwards', () => {
  expect(serialAfter(0xffff_ffff, 1)).toBe(1);
  fc.assert(fc.property(fc.integer({ min: 1, max: 0xffff_ffff }), (serial) => compareSerials(serial, serialAfter(serial, 1)) === -1));
});
