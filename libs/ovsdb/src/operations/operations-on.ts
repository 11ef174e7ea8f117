import type { Uuid } from '../notation/values';
import type { Database } from '../schema/schema';
import type { Abort, Assert, Clause, Columns, Comment, Commit, Delete, Insert, Mutate, Select, Update, Wait } from './operation';
import type { Condition, Mutation, Row, RowInput } from './row-types';

/** Makes operations whose tables, columns and values the compiler checks against the model of a database. */
export interface OperationsOn<Tables extends object> {
  /** @param options.name for references within the transaction; options.uuid an identity of one's own choice */
  insert<T extends keyof Tables & string>(table: T, row: RowInput<Tables[T]>, options?: { readonly name?: string; readonly uuid?: Uuid }): Insert;
  /** Rows that meet every condition; no condition: all rows. */
  select<T extends keyof Tables & string>(table: T, where: readonly Condition<Tables[T]>[]): Select<Row<Tables[T]>>;
  select<T extends keyof Tables & string, C extends keyof Row<Tables[T]> & string>(
    table: T,
    where: readonly Condition<Tables[T]>[],
    columns: readonly C[],
  ): Select<Pick<Row<Tables[T]>, C>>;
  update<T extends keyof Tables & string>(table: T, where: readonly Condition<Tables[T]>[], row: RowInput<Tables[T]>): Update;
  mutate<T extends keyof Tables & string>(table: T, where: readonly Condition<Tables[T]>[], mutations: readonly Mutation<Tables[T]>[]): Mutate;
  delete<T extends keyof Tables & string>(table: T, where: readonly Condition<Tables[T]>[]): Delete;
  /** Fails the transaction ("timed out") unless, in time, the rows found are (`==`) or are not (`!=`) exactly these. */
  wait<T extends keyof Tables & string, C extends keyof Tables[T] & string>(
    table: T,
    where: readonly Condition<Tables[T]>[],
    until: '==' | '!=',
    rows: readonly RowInput<Pick<Tables[T], C>>[],
    options: { readonly columns: readonly C[]; readonly timeoutMs?: number },
  ): Wait;
  commit(options?: { readonly durable?: boolean }): Commit;
  abort(): Abort;
  comment(text: string): Comment;
  /** Fails the transaction ("not owner") unless this client owns the lock. */
  assert(lock: string): Assert;
}

export function operationsOn<Tables extends object>(_database: Database<Tables>): OperationsOn<Tables> {
  const clauses = (list: readonly unknown[]) => list as readonly Clause[];
  return {
    insert: (table, row, options = {}) => ({ op: 'insert', table, row: row as Columns, ...options }),
    select: (table: string, where: readonly unknown[], columns?: readonly string[]) => ({
      op: 'select' as const,
      table,
      where: clauses(where),
      ...(columns && { columns }),
    }),
    update: (table, where, row) => ({ op: 'update', table, where: clauses(where), row: row as Columns }),
    mutate: (table, where, mutations) => ({ op: 'mutate', table, where: clauses(where), mutations: clauses(mutations) }),
    delete: (table, where) => ({ op: 'delete', table, where: clauses(where) }),
    wait: (table, where, until, rows, { columns, timeoutMs }) => ({
      op: 'wait',
      table,
      where: clauses(where),
      columns,
      until,
      rows: rows as readonly Columns[],
      ...(timeoutMs !== undefined && { timeoutMs }),
    }),
    commit: ({ durable = true } = {}) => ({ op: 'commit', durable }),
    abort: () => ({ op: 'abort' }),
    comment: (comment) => ({ op: 'comment', comment }),
    assert: (lock) => ({ op: 'assert', lock }),
  };
}
