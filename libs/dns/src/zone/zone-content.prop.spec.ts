import * as fc from 'fast-check';
import { type Name, nameKey, parentOf, parseName, ROOT } from '../names/name';
import { soaOf } from '../testing/test-zone';
import { condense } from '../transfer/transfer-records';
import { addToSerial, compareSerials, serialOfVersion } from './serial';
import { ZoneContent } from './zone-content';
import { ZoneHistory } from './zone-history';
import type { Rdata, ZoneDifference, ZoneRecord } from './zone-record';

const APEX = parseName('lab.example');
const owner = fc.constantFrom('@', 'a', 'A', 'b.a', 'c.b.a', 'x.y.z', 'y.z', '*').map((text) => parseName(text, APEX));
const record = fc.record({
  type: fc.constantFrom(1, 16, 2),
  ttlSeconds: fc.constantFrom(60, 300),
  rdata: fc.constantFrom('aaaa', 'bbbb', 'cccc').map((text) => text as Rdata),
});
const change = fc.tuple(owner, fc.array(record, { maxLength: 4 }));
const changes = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });

const linesOf = (content: ZoneContent): string[] =>
  [...content.records()].map(({ owner: at, type, ttlSeconds, rdata }) => `${nameKey(at)} ${type} ${ttlSeconds} ${rdata}`).sort();

/** Applies each change with the next serial; gives every content on the way. */
const contentsOf = (
  steps: readonly (readonly [Name, readonly Omit<ZoneRecord, 'owner'>[]])[][],
): { contents: ZoneContent[]; differences: ZoneDifference[] } => {
  const contents = [ZoneContent.build({ apex: APEX, soa: soaOf(APEX, 1), records: [] })];
  const differences: ZoneDifference[] = [];
  for (const step of steps) {
    const last = contents[contents.length - 1]!;
    const owners = step.map(([at, records]) => ({ owner: at, records: records.map((one) => ({ ...one, owner: at })) }));
    const { content, difference } = last.replaceOwners({ ...last.soa, serial: last.soa.serial + 1 }, owners);
    contents.push(content);
    differences.push(difference);
  }
  return { contents, differences };
};

describe('the content of a zone', () => {
  it('is the same by changes, by differences, condensed or not, and built anew', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const { contents, differences } = contentsOf(steps);
        const newest = contents[contents.length - 1]!;
        differences.forEach((difference, index) => expect(linesOf(contents[index]!.apply(difference))).toEqual(linesOf(contents[index + 1]!)));
        contents.slice(0, -1).forEach((content, index) => expect(linesOf(content.apply(condense(differences.slice(index))))).toEqual(linesOf(newest)));
        const built = ZoneContent.build({ apex: APEX, soa: newest.soa, records: newest.records() });
        expect(linesOf(built)).toEqual(linesOf(newest));
        expect([built.recordCount, built.cutCount]).toEqual([newest.recordCount, newest.cutCount]);
      }),
    );
  });

  it('knows a name exactly when it or a name below it has records', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const { contents } = contentsOf(steps);
        for (const content of contents) {
          const present = new Set<string>();
          for (const { owner: at } of content.records()) {
            for (let name: Name = nameKey(at); name !== content.apexKey && name !== (ROOT as Name); name = parentOf(name)) present.add(name);
          }
          for (const text of ['a', 'b.a', 'c.b.a', 'x.y.z', 'y.z', 'z', '*', 'q']) {
            const key = nameKey(parseName(text, APEX));
            expect([text, content.node(key) !== undefined]).toEqual([text, present.has(key)]);
          }
        }
      }),
    );
  });

  it('stays as it is when a newer one is made', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const first = contentsOf(steps.slice(0, 1)).contents[1]!;
        const before = linesOf(first);
        let newest = first;
        for (const step of steps)
          newest = newest.replaceOwners(
            newest.soa,
            step.map(([at, records]) => ({ owner: at, records: records.map((one) => ({ ...one, owner: at })) })),
          ).content;
        expect(linesOf(first)).toEqual(before);
      }),
    );
  });

  it('refuses a difference of another serial and records that are not there', () => {
    const content = ZoneContent.build({ apex: APEX, soa: soaOf(APEX, 5), records: [] });
    const step = { from: soaOf(APEX, 5), to: soaOf(APEX, 6), removed: [], added: [] };
    expect(() => content.apply({ ...step, from: soaOf(APEX, 4) })).toThrow('does not apply to serial 5');
    expect(() => content.apply({ ...step, removed: [{ owner: APEX, type: 1, ttlSeconds: 1, rdata: 'aaaa' as Rdata }] })).toThrow('not there');
    expect(() => content.apply({ ...step, added: [{ owner: parseName('elsewhere'), type: 1, ttlSeconds: 1, rdata: 'aaaa' as Rdata }] })).toThrow('outside');
  });
});

describe('history', () => {
  it('gives the steps from a serial, and forgets the oldest ones first', () => {
    const step = (from: number): ZoneDifference => ({
      from: soaOf(APEX, from),
      to: soaOf(APEX, from + 1),
      removed: [],
      added: [{ owner: APEX, type: 1, ttlSeconds: 1, rdata: 'aaaa' as Rdata }],
    });
    const history = [1, 2, 3].reduce((past, from) => past.add(step(from), 6), ZoneHistory.empty);
    expect(history.since(2)?.map(({ from }) => from.serial)).toEqual([2, 3]);
    expect([history.since(1), history.since(4)]).toEqual([undefined, undefined]);
    expect(() => history.add(step(9), 6)).toThrow('does not follow');
  });
});

describe('serials', () => {
  it('compare as RFC 1982 has it', () => {
    expect([compareSerials(1, 2), compareSerials(2, 1), compareSerials(2 ** 32 - 1, 0), compareSerials(0, 2 ** 31 - 1), compareSerials(0, 2 ** 31)]).toEqual([
      -1,
      1,
      -1,
      -1,
      undefined,
    ]);
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (serial, by) => {
        expect([compareSerials(serial, addToSerial(serial, by)), compareSerials(addToSerial(serial, by), serial)]).toEqual([-1, 1]);
      }),
    );
    expect([serialOfVersion(1), serialOfVersion(2 ** 32 - 1), serialOfVersion(2 ** 32)]).toEqual([1, 2 ** 32 - 1, 1]);
    expect(() => addToSerial(1, 2 ** 31)).toThrow(RangeError);
  });
});
