import fc from 'fast-check';
import type { AtomType, ColumnType } from '../schema/schema';
import type { Atom, Value } from '../notation/values';

const ATOMS: Record<AtomType, fc.Arbitrary<Atom>> = {
  integer: fc.maxSafeInteger(),
  real: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  boolean: fc.boolean(),
  string: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'uuid', 'set', 'map')),
  uuid: fc.uuid().map((text) => text as Atom),
};

const atomType = fc.constantFrom<AtomType>('integer', 'real', 'boolean', 'string', 'uuid');
const base = atomType.map((type) => ({ type }));

/** Columns of every shape. */
export const columnType: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.record({ key: base, min: fc.constantFrom(0, 1), max: fc.constantFrom(1, Infinity) }),
  fc.record({ key: base, value: base, min: fc.constant(0), max: fc.constant(Infinity) }),
);

/** A value that fits the column. */
export function valueOf(type: ColumnType): fc.Arbitrary<Value> {
  const key = ATOMS[type.key.type];
  if (type.value)
    return fc.uniqueArray(fc.tuple(key.map(String), ATOMS[type.value.type]), { selector: ([text]) => text }).map((pairs) => Object.fromEntries(pairs));
  if (type.max > 1) return fc.uniqueArray(key, { minLength: type.min });
  return type.min === 0 ? fc.option(key) : key;
}
