import { encodeConditions, tableOf } from '../operations/encode-operation';
import type { Clause } from '../operations/operation';
import type { Condition } from '../operations/row-types';
import type { DatabaseSchema } from '../schema/schema';

/** What to keep a copy of: tables, and of each all rows and columns (`true`) or some. */
export type MonitorSpec<Tables extends object> = {
  readonly [T in keyof Tables]?: true | TableSpec<Tables[T]>;
};

export interface TableSpec<Columns> {
  readonly columns?: readonly (keyof Columns & string)[];
  /** Rows that meet any one of these (unlike in operations, where all must be met); none: all rows. */
  readonly where?: readonly Condition<Columns>[];
}

/** One monitored table, as the machinery sees it. */
export interface MonitoredTable {
  readonly columns: readonly string[];
  where: readonly Clause[];
}

/** @throws OvsdbValueError when the model lacks a table */
export function monitoredTables(model: DatabaseSchema, spec: Readonly<Record<string, unknown>>): Map<string, MonitoredTable> {
  const named = Object.entries(spec).filter(([, table]) => table !== undefined) as [string, true | TableSpec<Record<string, unknown>>][];
  return new Map(
    named.map(([name, table]) => {
      const { columns, where } = table === true ? {} : (table as { columns?: readonly string[]; where?: readonly Clause[] });
      return [name, { columns: columns ?? Object.keys(tableOf(model, name).columns), where: where ?? [] }];
    }),
  );
}

/** `<monitor-cond-requests>` (ovsdb-server(7), section 4.1.12); columns that this server lacks are left out: they keep their defaults. */
export function encodeMonitorRequests(model: DatabaseSchema, server: DatabaseSchema, tables: ReadonlyMap<string, MonitoredTable>): object {
  const requests = [...tables].flatMap(([name, { columns, where }]) => {
    const present = server.tables[name];
    if (!present) return [];
    const request = { columns: columns.filter((column) => column in present.columns), where: encodeConditions(model, name, where) };
    return [[name, [request]] as const];
  });
  return Object.fromEntries(requests);
}
