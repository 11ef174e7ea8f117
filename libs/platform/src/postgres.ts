import { Pool, type PoolConfig } from 'pg';
import type { Logger } from 'pino';
import { GatheringSocket } from './gathering-socket';

export interface PgPoolOptions extends Pick<PoolConfig, 'types'> {
  schema?: string;
  name: string;
  max?: number;
  logger: Logger;
  /** Prepared statements are planned once, not for each set of values: for large queries that look single rows up. */
  planOnce?: boolean;
}

/**
 * A pool whose connections see only `schema`. Idle connections that the server drops are logged and replaced, never
 * a crash; a query on a broken connection fails and is the caller's to repeat.
 */
export function createPgPool(url: string, options: PgPoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: options.name,
    max: options.max ?? 8,
    types: options.types,
    keepAlive: true,
    // A transaction sends what needs no answer first without waiting for one.
    pipeline: true,
    stream: () => new GatheringSocket(),
    connectionTimeoutMillis: 10_000,
    options: [...(options.schema ? [`-c search_path=${options.schema}`] : []), ...(options.planOnce ? ['-c plan_cache_mode=force_generic_plan'] : [])].join(
      ' ',
    ),
  });
  pool.on('error', (error) => options.logger.warn({ err: error }, 'postgres connection lost'));
  return pool;
}
