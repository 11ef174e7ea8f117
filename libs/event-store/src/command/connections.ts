/**
 * Connections for appends. Taking one from the pool and giving it back costs a lone writer a timer, a turn of the loop
 * and some listeners at every commit; so one that was just used stays checked out, and goes back when it was not needed
 * for a moment, when others wait for one, or when the pool ends.
 *
 *   pool --connect--> in use --work done--> kept --next work--> in use
 *                        '-- broken --> pool (which closes it)    '-- not used for KEPT_MS --> pool
 */
import { setImmediate } from 'node:timers/promises';
import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
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

/**
 * `written` waits until the transaction is on the disk. `later` does not: a crash of the server may take it back, but
 * never one that it follows, and never it without those that followed it (PostgreSQL manual, Asynchronous Commit).
 */
export type Durability = 'written' | 'later';

/** A transaction whose search path is the schema; rolled back when `work` throws, the connection dropped if it broke. */
export async function inTransaction<T>(pool: Pool, schema: string, work: (client: PoolClient) => Promise<T>, durability?: Durability): Promise<T> {
  const connection = await connect(pool);
  try {
    return await transact(connection, schema, work, durability);
  } finally {
    release(connection);
  }
}

/** The same on a connection that is there already. A client in pipeline mode sends the first query of `work` right behind the BEGIN. */
export async function transact<T>(connection: Connection, schema: string, work: (client: PoolClient) => Promise<T>, durability?: Durability): Promise<T> {
  const { client } = connection;
  try {
    const [, result] = await inOrder(client, [() => begin(client, schema, durability), () => work(client)]);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      connection.broken ??= failure;
    });
    throw error;
  }
}

/**
 * A transaction of statements that are all on their way, the COMMIT included, before the first is answered: one round
 * trip. Only an error of the server can refuse it: what the caller makes of an answer comes too late.
 * @throws what failed first, when the transaction has ended
 */
export async function transactAtOnce(connection: Connection, schema: string, statements: readonly QueryConfig[]): Promise<QueryResult[]> {
  const { client } = connection;
  if (!client.pipeline) return transact(connection, schema, () => oneByOne(client, statements));
  let failed = false;
  const sent = [begin(client, schema), ...statements.map((statement) => client.query(statement))];
  for (const one of sent) one.catch(() => (failed = true));
  // A statement that could not be sent says so in this turn of the loop: it must not be missing in what is committed.
  await setImmediate();
  const outcomes = await Promise.allSettled([...sent, client.query(failed ? 'ROLLBACK' : 'COMMIT')]);
  const refusal = outcomes.find((outcome) => outcome.status === 'rejected');
  if (refusal) throw refusal.reason;
  return outcomes.slice(1, -1).map((outcome) => (outcome as PromiseFulfilledResult<QueryResult>).value);
}

async function oneByOne(client: PoolClient, statements: readonly QueryConfig[]): Promise<QueryResult[]> {
  const answers: QueryResult[] = [];
  for (const statement of statements) answers.push(await client.query(statement));
  return answers;
}

const begin = (client: PoolClient, schema: string, durability?: Durability): Promise<QueryResult> =>
  client.query(`BEGIN; SET LOCAL search_path TO ${identifier(schema)}${durability === 'later' ? '; SET LOCAL synchronous_commit TO off' : ''}`);

/**
 * Two parts of a transaction of which the second takes effect behind the first, without a need for its result. In pipeline
 * mode both are begun at once, and so share round trips.
 * @throws what failed first, when nothing of either runs any more
 */
export async function inOrder<A, B>(client: PoolClient, [first, second]: readonly [() => Promise<A>, () => Promise<B>]): Promise<[A, B]> {
  if (!client.pipeline) return [await first(), await second()];
  const [a, b] = await Promise.allSettled([first(), second()]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}
