import fc from 'fast-check';
import { OvsdbProtocolError, OvsdbValueError } from '../errors';
import { columnType, valueOf } from '../testing/arbitraries';
import { applyDifference, sameValue } from './difference';
import { asUuid, type Atom, decodeValue, defaultValue, encodeValue, named, type Value } from './values';

const column = columnType.chain((type) => fc.tuple(fc.constant(type), valueOf(type), valueOf(type)));
const throughJson = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

describe('the notation', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(column, ([type, value]) => {
        expect(decodeValue(type, throughJson(encodeValue(type, value, 'x')))).toEqual(value);
      }),
    );
  });

  it('knows the default of every type, and can write it', () => {
    fc.assert(fc.property(columnType, (type) => sameValue(decodeValue(type, throughJson(encodeValue(type, defaultValue(type), 'x'))), defaultValue(type))));
  });

  it('reads a set of one without its brackets', () => {
    expect(decodeValue({ key: { type: 'string' }, min: 0, max: Infinity }, 'a')).toEqual(['a']);
  });

  it('writes a reference to a row to come', () => {
    expect(encodeValue({ key: { type: 'uuid' }, min: 0, max: Infinity }, [named('ls')], 'x')).toEqual(['set', [['named-uuid', 'ls']]]);
    expect(() => named('1 2')).toThrow(OvsdbValueError);
    expect(() => asUuid('nonsense')).toThrow(OvsdbValueError);
  });

  it.each([
    ['integer', 1.5],
    ['integer', 2 ** 53],
    ['real', Number.NaN],
    ['string', 1],
    ['boolean', 'true'],
    ['uuid', 'x'],
    ['string', null],
  ] as const)('refuses to write %s %p', (type, value) => {
    expect(() => encodeValue({ key: { type }, min: 1, max: 1 }, value, 'T.c')).toThrow(/^T\.c: expected|Not a uuid/);
  });

  it.each([1, ['set', ['a', 'b']], ['map', []], ['uuid', 'x'], null])('refuses to read %p as a string', (json) => {
    expect(() => decodeValue({ key: { type: 'string' }, min: 1, max: 1 }, json)).toThrow(OvsdbProtocolError);
  });
});

/** As the server computes it (ovsdb-server(7), section 4.1.14). */
function differenceOf(old: Value, now: Value, composite: boolean): Value {
  if (!composite) return now;
  if (Array.isArray(old) && Array.isArray(now)) return [...old.filter((atom) => !now.includes(atom)), ...now.filter((atom) => !old.includes(atom))] as Atom[];
  const [before, after] = [old, now] as Record<string, Atom>[];
  const keys = [...new Set([...Object.keys(before!), ...Object.keys(after!)])];
  const at = (map: Record<string, Atom>, key: string) => (Object.hasOwn(map, key) ? map[key] : undefined);
  const changed = keys.filter((key) => at(before!, key) !== at(after!, key));
  return Object.fromEntries(changed.map((key) => [key, at(after!, key) ?? at(before!, key)!]));
}

describe('differences', () => {
  it('lead from the old value to the new one', () => {
    fc.assert(
      fc.property(column, ([type, old, now]) => {
        expect(sameValue(applyDifference(type, old, differenceOf(old, now, type.max > 1)), now)).toBe(true);
      }),
    );
  });

  it('compare sets and maps without regard to order', () => {
    fc.assert(
      fc.property(column, ([, value, other]) => {
        const turned = Array.isArray(value) ? [...value].reverse() : value;
        expect(sameValue(turned as Value, value)).toBe(true);
        expect(sameValue(value, other)).toBe(sameValue(other, value));
      }),
    );
  });
});
