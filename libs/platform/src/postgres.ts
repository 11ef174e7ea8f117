import { Pool, type PoolConfig } from 'pg';
import type { Logger } from 'pino';

/**
 * A pool whose connections see only `schema`. Idle connections that the server drops are logged and replaced, never
 * a crash; a query on a broken connection fails and is the caller's to repeat.
 */
export function createPgPool(url: string, options: { schema?: string; name: string; max?: number; logger: Logger } & Pick<PoolConfig, 'types'>): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: options.name,
    max: options.max ?? 8,
    types: options.types,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    ...(options.schema ? { options: `-c search_path=${options.schema}` } : {}),
  });
  pool.on('error', (error) => options.logger.warn({ err: error }, 'postgres connection lost'));
  return pool;
}
