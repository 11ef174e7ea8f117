/**
 * Connections for appends. Taking one from the pool and giving it back costs a lone writer a timer, a turn of the loop
 * and some listeners at every commit; so one that was just used stays checked out, and goes back when it was not needed
 * for a moment, when others wait for one, or when the pool ends.
 *
 *   pool --connect--> in use --work done--> kept --next work--> in use
 *                        '-- broken --> pool (which closes it)    '-- not used for KEPT_MS --> pool
 */
import type { Pool, PoolClient } from 'pg';
import { identifier } from '../schema/sql';
import { isConnectionError } from './append-error';

const KEPT_MS = 100;

export class Connection {
  /** Why it can be used no more. */
  broken: Error | undefined;
  /** Tick of the last use. */
  usedAt = 0;

  constructor(readonly client: PoolClient) {}

  readonly breaks = (error: Error): void => {
    this.broken = error;
  };
}

export class Connections {
  private readonly kept: Connection[] = [];
  private ticks = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly pool: Pool) {}

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.take() ?? (await connect(this.pool));
    try {
      return await work(connection);
    } catch (error) {
      if (isConnectionError(error)) connection.broken ??= error as Error;
      throw error;
    } finally {
      this.giveBack(connection);
    }
  }

  private take(): Connection | undefined {
    for (let connection = this.kept.pop(); connection; connection = this.kept.pop()) {
      if (!connection.broken) return connection;
      release(connection);
    }
    return undefined;
  }

  private giveBack(connection: Connection): void {
    if (connection.broken || this.pool.ending || this.pool.waitingCount > 0) return release(connection);
    connection.usedAt = this.ticks;
    this.kept.push(connection);
    this.timer ??= setInterval(() => this.tick(), KEPT_MS).unref();
  }

  private tick(): void {
    this.ticks += 1;
    const rest = this.kept.splice(0);
    for (const connection of rest) {
      if (connection.broken || this.pool.ending || connection.usedAt < this.ticks - 1) release(connection);
      else this.kept.push(connection);
    }
    if (this.kept.length > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

async function connect(pool: Pool): Promise<Connection> {
  const connection = new Connection(await pool.connect());
  // Without a listener, a server that closes the connection would end the process.
  connection.client.on('error', connection.breaks);
  return connection;
}

function release({ client, breaks, broken }: Connection): void {
  client.removeListener('error', breaks);
  client.release(broken);
}

/** A transaction whose search path is the schema; rolled back when `work` throws, the connection dropped if it broke. */
export async function inTransaction<T>(pool: Pool, schema: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const connection = await connect(pool);
  try {
    return await transact(connection, schema, work);
  } finally {
    release(connection);
  }
}

/** The same on a connection that is there already. */
export async function transact<T>(connection: Connection, schema: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const { client } = connection;
  try {
    await client.query(`BEGIN; SET LOCAL search_path TO ${identifier(schema)}`);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      connection.broken ??= failure;
    });
    throw error;
  }
}
