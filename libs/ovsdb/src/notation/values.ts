import { OvsdbProtocolError, OvsdbValueError } from '../errors';
import { type AtomType, type ColumnType, shapeOf } from '../schema/schema';

/**
 * Values as programs use them, and their notation on the wire (RFC 7047, section 5.1):
 *
 *   column        program            wire
 *   one atom      'a'  1  true       "a"  1  true
 *   uuid          Uuid (a string)    ["uuid", "2f77b348-..."]
 *   row to come   { named: 'ls' }    ["named-uuid", "ls"]
 *   0 or 1 atom   'a' | null         "a" | ["set", []]
 *   set           ['a', 'b']         ["set", ["a", "b"]]     (one element may come bare)
 *   map           { a: '1' }         ["map", [["a", "1"]]]
 *
 * Integers are 64 bits wide on the server and doubles here: exact up to 2^53; larger ones are refused when written.
 */
export type Uuid = string & { readonly __ovsdb: 'uuid' };

/** Stands for a row that an insert of the same transaction names. */
export interface NamedUuid {
  readonly named: string;
}

export type Atom = string | number | boolean | Uuid | NamedUuid;
export type Value = Atom | null | readonly Atom[] | { readonly [key: string]: Atom };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const ZERO_UUID = '00000000-0000-0000-0000-000000000000' as Uuid;

/** @throws OvsdbValueError unless it is a uuid in lower-case text form */
export function asUuid(text: string): Uuid {
  if (!UUID.test(text)) throw new OvsdbValueError(`Not a uuid: ${JSON.stringify(text)}`);
  return text as Uuid;
}

/** The row that an insert of the same transaction calls `name`. @throws OvsdbValueError unless it is an RFC 7047 `<id>` */
export function named(name: string): NamedUuid {
  if (!NAME.test(name)) throw new OvsdbValueError(`Not a name for a row: ${JSON.stringify(name)}`);
  return { named: name };
}

/** @param place for the message of an error, such as "Logical_Switch.ports" @throws OvsdbValueError when it does not fit the type */
export function encodeValue(type: ColumnType, value: unknown, place: string): unknown {
  switch (shapeOf(type)) {
    case 'one':
      return encodeAtom(type.key.type, value, place);
    case 'optional':
      return value === null || value === undefined ? ['set', []] : encodeAtom(type.key.type, value, place);
    case 'set':
      if (!Array.isArray(value)) throw misfit(place, 'an array', value);
      return ['set', value.map((atom) => encodeAtom(type.key.type, atom, place))];
    case 'map':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfit(place, 'an object', value);
      return ['map', Object.entries(value).map(([key, atom]) => encodePair(type, key, atom, place))];
  }
}

function encodePair(type: ColumnType, key: string, value: unknown, place: string): [unknown, unknown] {
  return [encodeAtom(type.key.type, keyFromText(type.key.type, key), place), encodeAtom(type.value?.type ?? 'string', value, `${place}:${key}`)];
}

/** Keys of objects are always text: numbers and booleans come back from it. */
export function keyFromText(type: AtomType, key: string): string | number | boolean {
  if (type === 'integer' || type === 'real') return Number(key);
  return type === 'boolean' ? key === 'true' : key;
}

/** @throws OvsdbValueError */
export function encodeAtom(type: AtomType, value: unknown, place: string): unknown {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'integer':
      if (Number.isSafeInteger(value)) return value;
      break;
    case 'real':
      if (Number.isFinite(value)) return value;
      break;
    case 'uuid':
      if (typeof value === 'string') return ['uuid', asUuid(value)];
      if (isNamed(value)) return ['named-uuid', value.named];
  }
  throw misfit(place, `${type === 'integer' ? 'an' : 'a'} ${type}`, value);
}

function isNamed(value: unknown): value is NamedUuid {
  return typeof value === 'object' && value !== null && 'named' in value && typeof value.named === 'string';
}

/** @throws OvsdbProtocolError when the server sends something else than the schema says */
export function decodeValue(type: ColumnType, json: unknown): Value {
  if (type.value) return decodeMap(type, json);
  const atoms = tagged(json, 'set') ?? [json];
  const { type: atomType } = type.key;
  if (type.max > 1) return atoms.map((atom) => decodeAtom(atomType, atom));
  if (atoms.length === 0 && type.min === 0) return null;
  if (atoms.length !== 1) throw unexpected('one atom', json);
  return decodeAtom(atomType, atoms[0]);
}

function decodeMap(type: ColumnType, json: unknown): { readonly [key: string]: Atom } {
  const pairs = tagged(json, 'map');
  if (!pairs) throw unexpected('a map', json);
  return Object.fromEntries(
    pairs.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw unexpected('a pair', pair);
      return [String(decodeAtom(type.key.type, pair[0])), decodeAtom(type.value?.type ?? 'string', pair[1])];
    }),
  );
}

export function decodeAtom(type: AtomType, json: unknown): string | number | boolean | Uuid {
  if (type === 'uuid') {
    if (Array.isArray(json) && json[0] === 'uuid' && typeof json[1] === 'string') return json[1] as Uuid;
  } else if (typeof json === (type === 'integer' || type === 'real' ? 'number' : type)) return json as string | number | boolean;
  throw unexpected(type, json);
}

function tagged(json: unknown, tag: 'set' | 'map'): unknown[] | undefined {
  return Array.isArray(json) && json[0] === tag && Array.isArray(json[1]) ? json[1] : undefined;
}

/** What a column holds when an insert leaves it out, and when an update of a monitor does (RFC 7047, section 5.2.1). */
export function defaultValue(type: ColumnType): Value {
  const shape = shapeOf(type);
  if (shape === 'optional') return null;
  if (shape === 'map') return {};
  const atom = { integer: 0, real: 0, boolean: false, string: '', uuid: ZERO_UUID }[type.key.type];
  if (shape === 'one') return atom;
  return type.min === 0 ? [] : [atom];
}

function misfit(place: string, expected: string, value: unknown): OvsdbValueError {
  return new OvsdbValueError(`${place}: expected ${expected}, got ${JSON.stringify(value) ?? String(value)}`);
}

function unexpected(expected: string, json: unknown): OvsdbProtocolError {
  return new OvsdbProtocolError(`Expected ${expected}, the server sent ${JSON.stringify(json) ?? 'nothing'}`);
}
