import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';

/** The pool, or a client within a transaction. */
export interface Queryable {
  query<R extends QueryResultRow>(text: string | QueryConfig, values?: readonly unknown[]): Promise<QueryResult<R>>;
}
