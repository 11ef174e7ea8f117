import { OvsdbProtocolError } from '../errors';
import type { AtomType, BaseType, ColumnSchema, ColumnType, DatabaseSchema, TableSchema } from './schema';

const ATOM_TYPES: readonly string[] = ['integer', 'real', 'boolean', 'string', 'uuid'] satisfies AtomType[];

type Json = Readonly<Record<string, unknown>>;

/** Reads a `<database-schema>` (RFC 7047, section 3.2). @throws OvsdbProtocolError that names the place */
export function parseSchema(json: unknown): DatabaseSchema {
  const schema = object(json, 'schema');
  const name = text(schema.name, 'schema name');
  return { name, version: text(schema.version ?? '0.0.0', `${name} version`), tables: mapValues(object(schema.tables, `${name} tables`), parseTable) };
}

function parseTable(json: unknown, name: string): TableSchema {
  const table = object(json, name);
  return {
    columns: mapValues(object(table.columns, `${name} columns`), (column, columnName) => parseColumn(column, `${name}.${columnName}`)),
    ...(table.isRoot === true && { isRoot: true }),
    ...(typeof table.maxRows === 'number' && { maxRows: table.maxRows }),
    ...(Array.isArray(table.indexes) && { indexes: table.indexes as string[][] }),
  };
}

function parseColumn(json: unknown, place: string): ColumnSchema {
  const column = object(json, place);
  return {
    type: parseType(column.type, place),
    ...(column.mutable === false && { mutable: false }),
    ...(column.ephemeral === true && { ephemeral: true }),
  };
}

function parseType(json: unknown, place: string): ColumnType {
  if (typeof json === 'string') return { key: parseBase(json, place), min: 1, max: 1 };
  const type = object(json, place);
  return {
    key: parseBase(type.key, place),
    ...(type.value !== undefined && { value: parseBase(type.value, place) }),
    min: typeof type.min === 'number' ? type.min : 1,
    max: type.max === 'unlimited' ? Infinity : typeof type.max === 'number' ? type.max : 1,
  };
}

function parseBase(json: unknown, place: string): BaseType {
  if (typeof json === 'string') return { type: atomType(json, place) };
  const base = object(json, place);
  return {
    type: atomType(base.type, place),
    ...(base.enum !== undefined && { enum: enumValues(base.enum) }),
    ...(typeof base.minInteger === 'number' && { minInteger: base.minInteger }),
    ...(typeof base.maxInteger === 'number' && { maxInteger: base.maxInteger }),
    ...(typeof base.maxLength === 'number' && { maxLength: base.maxLength }),
    ...(typeof base.refTable === 'string' && { refTable: base.refTable, refType: base.refType === 'weak' ? ('weak' as const) : ('strong' as const) }),
  };
}

/** `["set", [...]]`, or the only value by itself. */
function enumValues(json: unknown): (string | number | boolean)[] {
  return (Array.isArray(json) && json[0] === 'set' ? json[1] : [json]) as (string | number | boolean)[];
}

function atomType(json: unknown, place: string): AtomType {
  if (typeof json !== 'string' || !ATOM_TYPES.includes(json)) throw new OvsdbProtocolError(`${place}: not a type of an atom: ${JSON.stringify(json)}`);
  return json as AtomType;
}

function object(json: unknown, place: string): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new OvsdbProtocolError(`${place}: an object is expected`);
  return json as Json;
}

function text(json: unknown, place: string): string {
  if (typeof json !== 'string') throw new OvsdbProtocolError(`${place}: a string is expected`);
  return json;
}

function mapValues<T>(json: Json, read: (value: unknown, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, read(value, name)]));
}
