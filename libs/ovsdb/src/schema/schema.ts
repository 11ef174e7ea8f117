/**
 * A database schema as RFC 7047 section 3.2 describes it, with every default written out, and what a schema means for the types of
 * the rows. The generated files are values of these types; `parseSchema` makes them from what a server sends.
 */
export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';

/** The type of one atom (RFC 7047, `<base-type>`). The server enforces the constraints; here they are for the reader and generator. */
export interface BaseType {
  readonly type: AtomType;
  readonly enum?: readonly (string | number | boolean)[];
  readonly minInteger?: number;
  readonly maxInteger?: number;
  readonly maxLength?: number;
  /** For uuids: the table they point into; a strong reference keeps its target alive, a weak one goes away with it. */
  readonly refTable?: string;
  readonly refType?: 'strong' | 'weak';
}

/** The type of a column (RFC 7047, `<type>`): from `min` to `max` atoms, pairs of atoms when it has a `value`. */
export interface ColumnType {
  readonly key: BaseType;
  readonly value?: BaseType;
  readonly min: number;
  /** Infinity for "unlimited". */
  readonly max: number;
}

export interface ColumnSchema {
  readonly type: ColumnType;
  /** Default true. An immutable column is set on insert only. */
  readonly mutable?: boolean;
  /** Default false. The values of an ephemeral column are gone after a restart of the server. */
  readonly ephemeral?: boolean;
}

export interface TableSchema {
  readonly columns: Readonly<Record<string, ColumnSchema>>;
  /** Rows of a table that is not root live only as long as something refers to them strongly. */
  readonly isRoot?: boolean;
  readonly maxRows?: number;
  /** Groups of columns whose values together are unique. */
  readonly indexes?: readonly (readonly string[])[];
}

export interface DatabaseSchema {
  readonly name: string;
  /** x.y.z */
  readonly version: string;
  readonly tables: Readonly<Record<string, TableSchema>>;
}

/** A schema together with the types of its rows, by table name. */
export interface Database<Tables extends object> extends DatabaseSchema {
  /** Never there at run time: carries the types. */
  readonly rows?: Tables;
}

/** What a value of a column looks like: a single atom, an atom or null, an array, or an object. */
export type ColumnShape = 'one' | 'optional' | 'set' | 'map';

export function shapeOf(type: ColumnType): ColumnShape {
  if (type.value) return 'map';
  if (type.max > 1) return 'set';
  return type.min === 0 ? 'optional' : 'one';
}

/** The columns that every table has (RFC 7047, section 3.2). */
export const IMPLICIT_COLUMNS: Readonly<Record<string, ColumnSchema>> = {
  _uuid: { type: { key: { type: 'uuid' }, min: 1, max: 1 } },
  _version: { type: { key: { type: 'uuid' }, min: 1, max: 1 } },
};

/** @returns undefined when the table has no such column */
export function columnOf(table: TableSchema, column: string): ColumnSchema | undefined {
  if (Object.hasOwn(table.columns, column)) return table.columns[column];
  return Object.hasOwn(IMPLICIT_COLUMNS, column) ? IMPLICIT_COLUMNS[column] : undefined;
}
