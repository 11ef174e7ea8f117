import type { ColumnType } from '../schema/schema';
import type { Atom, Value } from './values';

type AtomMap = { readonly [key: string]: Atom };

/**
 * The new value of a column from the old one and the difference that update2 and update3 carry (ovsdb-server(7), section 4.1.14):
 * columns of at most one atom bring their new value; of a set, what only one of the two has; of a map, the pairs whose key only one
 * has, and of a key that both have the new pair.
 */
export function applyDifference(type: ColumnType, old: Value, difference: Value): Value {
  if (type.max <= 1) return difference;
  return type.value ? applyToMap(old as AtomMap, difference as AtomMap) : applyToSet(old as readonly Atom[], difference as readonly Atom[]);
}

function applyToSet(old: readonly Atom[], difference: readonly Atom[]): readonly Atom[] {
  const changed = new Set(difference);
  const kept = old.filter((atom) => !changed.delete(atom));
  return [...kept, ...changed];
}

function applyToMap(old: AtomMap, difference: AtomMap): AtomMap {
  const pairs = new Map(Object.entries(old));
  for (const [key, value] of Object.entries(difference)) {
    if (pairs.get(key) === value) pairs.delete(key);
    else pairs.set(key, value);
  }
  return Object.fromEntries(pairs);
}

/** Whether two values of one column are the same; neither sets nor maps have an order. */
export function sameValue(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (isSet(left) || isSet(right)) return isSet(left) && isSet(right) && sameSet(left, right);
  const [entries, other] = [Object.entries(left), right as AtomMap];
  return entries.length === Object.keys(other).length && entries.every(([key, value]) => Object.hasOwn(other, key) && sameAtom(other[key], value));
}

function isSet(value: Value): value is readonly Atom[] {
  return Array.isArray(value);
}

function sameSet(left: readonly Atom[], right: readonly Atom[]): boolean {
  const atoms = new Set(right.map(plain));
  return left.length === right.length && left.every((atom) => atoms.has(plain(atom)));
}

function sameAtom(left: Atom | undefined, right: Atom): boolean {
  return left !== undefined && plain(left) === plain(right);
}

/** A named row compares by its name; the mark keeps it apart from strings. */
function plain(atom: Atom): string | number | boolean {
  return typeof atom === 'object' ? `\0${atom.named}` : atom;
}
