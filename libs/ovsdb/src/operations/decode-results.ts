import { OvsdbProtocolError, OvsdbTransactionError } from '../errors';
import { decodeValue, type Uuid, type Value } from '../notation/values';
import { columnOf, type DatabaseSchema, type TableSchema } from '../schema/schema';
import { tableOf } from './encode-operation';
import type { Operation } from './operation';

/**
 * The results of a transaction. The server answers with one entry per operation; the first that failed is an error and null follows
 * it; when the commit itself failed there is one error more than operations (RFC 7047, section 4.1.3).
 * @throws OvsdbTransactionError with the operation that failed
 */
export function decodeResults(schema: DatabaseSchema, operations: readonly Operation[], results: unknown): unknown[] {
  if (!Array.isArray(results)) throw new OvsdbProtocolError('transact: the result is no array');
  const failed = results.findIndex((result) => typeof result === 'object' && result !== null && 'error' in result && typeof result.error === 'string');
  if (failed >= 0) {
    const { error, details } = results[failed] as { error: string; details?: string };
    throw new OvsdbTransactionError(error, details, failed, operations[failed], operations);
  }
  return operations.map((operation, index) => decodeResult(schema, operation, results[index] as Record<string, unknown> | null | undefined));
}

function decodeResult(schema: DatabaseSchema, operation: Operation, result: Record<string, unknown> | null | undefined): object {
  switch (operation.op) {
    case 'insert': {
      const uuid = result?.uuid;
      if (!Array.isArray(uuid) || typeof uuid[1] !== 'string') throw new OvsdbProtocolError('insert: no uuid in the result');
      return { uuid: uuid[1] as Uuid };
    }
    case 'select': {
      if (!Array.isArray(result?.rows)) throw new OvsdbProtocolError('select: no rows in the result');
      const table = tableOf(schema, operation.table);
      return { rows: result.rows.map((row) => decodeRow(table, row as Record<string, unknown>)) };
    }
    case 'update':
    case 'mutate':
    case 'delete':
      return { count: typeof result?.count === 'number' ? result.count : 0 };
    default:
      return {};
  }
}

/** The columns of a `<row>` that the model knows. */
export function decodeRow(table: TableSchema, row: Readonly<Record<string, unknown>>): Record<string, Value> {
  const decoded: Record<string, Value> = {};
  for (const [name, json] of Object.entries(row)) {
    const column = columnOf(table, name);
    if (column) decoded[name] = decodeValue(column.type, json);
  }
  return decoded;
}
