import { OvsdbValueError } from '../errors';
import { encodeAtom, encodeValue } from '../notation/values';
import { columnOf, type ColumnSchema, type DatabaseSchema, shapeOf, type TableSchema } from '../schema/schema';
import type { Clause, Columns, Operation } from './operation';

const ARITHMETIC = ['+=', '-=', '*=', '/=', '%='];
const ORDER = ['<', '<=', '>', '>='];

/** An operation as it goes over the wire (RFC 7047, section 5.2). @throws OvsdbValueError that names the table and column */
export function encodeOperation(schema: DatabaseSchema, operation: Operation): object {
  switch (operation.op) {
    case 'commit':
    case 'abort':
    case 'comment':
    case 'assert':
      return operation;
    case 'insert': {
      const { name, row, ...rest } = operation;
      return { ...rest, row: encodeRow(schema, operation.table, row), ...(name && { 'uuid-name': name }) };
    }
    case 'select':
      return {
        ...operation,
        where: encodeConditions(schema, operation.table, operation.where),
        columns: operation.columns ?? allColumns(schema, operation.table),
      };
    case 'update':
      return { ...operation, where: encodeConditions(schema, operation.table, operation.where), row: encodeRow(schema, operation.table, operation.row) };
    case 'mutate': {
      const mutations = operation.mutations.map((mutation) => encodeMutation(operation.table, tableOf(schema, operation.table), mutation));
      return { ...operation, where: encodeConditions(schema, operation.table, operation.where), mutations };
    }
    case 'delete':
      return { ...operation, where: encodeConditions(schema, operation.table, operation.where) };
    case 'wait': {
      const { timeoutMs, rows, ...rest } = operation;
      return {
        ...rest,
        where: encodeConditions(schema, operation.table, operation.where),
        rows: rows.map((row) => encodeRow(schema, operation.table, row)),
        ...(timeoutMs !== undefined && { timeout: timeoutMs }),
      };
    }
  }
}

/** Also what the conditions of a monitor look like. */
export function encodeConditions(schema: DatabaseSchema, tableName: string, where: readonly Clause[]): unknown[] {
  const table = tableOf(schema, tableName);
  return where.map(([column, compare, value]) => {
    const { type } = existing(table, tableName, column);
    const place = `${tableName}.${column}`;
    return [column, compare, ORDER.includes(compare) ? encodeAtom(type.key.type, value, place) : encodeValue(type, value, place)];
  });
}

function encodeRow(schema: DatabaseSchema, tableName: string, row: Columns): Record<string, unknown> {
  const table = tableOf(schema, tableName);
  const written = Object.entries(row).filter(([, value]) => value !== undefined);
  return Object.fromEntries(written.map(([column, value]) => [column, encodeValue(existing(table, tableName, column).type, value, `${tableName}.${column}`)]));
}

/** The value of a mutation is of the column's type only sometimes: a number for a set of numbers, keys for a map. */
function encodeMutation(tableName: string, table: TableSchema, [column, mutator, value]: Clause): unknown[] {
  const { type } = existing(table, tableName, column);
  const place = `${tableName}.${column}`;
  if (ARITHMETIC.includes(mutator)) return [column, mutator, encodeAtom(type.key.type, value, place)];
  const shape = shapeOf(type);
  const asSet = { key: type.key, min: 0, max: Infinity };
  return [column, mutator, shape === 'map' && !Array.isArray(value) ? encodeValue(type, value, place) : encodeValue(asSet, value, place)];
}

function allColumns(schema: DatabaseSchema, tableName: string): string[] {
  return ['_uuid', ...Object.keys(tableOf(schema, tableName).columns)];
}

/** @throws OvsdbValueError */
export function tableOf(schema: DatabaseSchema, name: string): TableSchema {
  const table = Object.hasOwn(schema.tables, name) ? schema.tables[name] : undefined;
  if (!table) throw new OvsdbValueError(`${schema.name} has no table ${name}`);
  return table;
}

function existing(table: TableSchema, tableName: string, column: string): ColumnSchema {
  const found = columnOf(table, column);
  if (!found) throw new OvsdbValueError(`${tableName} has no column ${column}`);
  return found;
}
