/**
 * Reads of the published views: pipelined connections with prepared statements. A pipelined connection sends a query
 * without waiting for the answers of earlier ones, so that few connections (which cost Postgres memory) carry many
 * requests. Point reads and lists have lanes of their own: a point read never queues behind a list of thousands.
 *
 * Every value arrives as text exactly as Postgres wrote it ("t"/"f" for booleans, JSON documents ready to be sent).
 */
import { Client, type CustomTypesConfig } from 'pg';
import { WeftError } from '@weft/contracts';
import type { Logger } from '@weft/platform';

export type Row = readonly (string | null)[];
export type Lane = 'point' | 'list';
export interface Statement {
  /** Unique; Postgres prepares it once per connection. Leave it out for SQL that differs from call to call. */
  name?: string;
  sql: string;
}

export interface ReadClient {
  rows(statement: Statement, parameters?: readonly unknown[], lane?: Lane): Promise<Row[]>;
  /** The first row. */
  row(statement: Statement, parameters?: readonly unknown[], lane?: Lane): Promise<Row | undefined>;
  healthy(): boolean;
  /** How often a connection was lost. */
  losses(): number;
  close(): Promise<void>;
}

const AS_TEXT: CustomTypesConfig = { getTypeParser: () => (value: string) => value };
const STATEMENT_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_MS = 200;

export function createReadClient(url: string, lanes: Readonly<Record<Lane, number>>, logger: Logger): ReadClient {
  const slots: Record<Lane, Slot[]> = { point: makeSlots(url, lanes.point, logger), list: makeSlots(url, lanes.list, logger) };
  const rows = async (statement: Statement, parameters: readonly unknown[] = [], lane: Lane = 'point'): Promise<Row[]> =>
    leastBusy(slots[lane]).query(statement, parameters);
  return {
    rows,
    row: async (statement, parameters, lane) => (await rows(statement, parameters, lane))[0],
    healthy: () => slots.point.some((slot) => slot.connected),
    losses: () => [...slots.point, ...slots.list].reduce((sum, slot) => sum + slot.losses, 0),
    close: async () => {
      await Promise.all([...slots.point, ...slots.list].map((slot) => slot.close()));
    },
  };
}

const makeSlots = (url: string, count: number, logger: Logger): Slot[] => Array.from({ length: count }, () => new Slot(url, logger));

function leastBusy(slots: readonly Slot[]): Slot {
  let best = slots[0]!;
  for (const slot of slots) if (slot.busy < best.busy) best = slot;
  return best;
}

/** One connection that is made on first use and made again when it breaks. */
class Slot {
  busy = 0;
  connected = false;
  losses = 0;
  private closed = false;
  private client: Promise<Client> | undefined;

  constructor(
    private readonly url: string,
    private readonly logger: Logger,
  ) {}

  async query(statement: Statement, parameters: readonly unknown[]): Promise<Row[]> {
    this.busy += 1;
    try {
      const client = await (this.client ??= this.connect());
      const result = await client.query<(string | null)[]>({ name: statement.name, text: statement.sql, values: parameters as unknown[], rowMode: 'array' });
      return result.rows;
    } catch (error) {
      if (isSqlError(error)) throw error;
      throw new WeftError('service.unavailable', 'The database does not answer at the moment; try again shortly', { cause: error });
    } finally {
      this.busy -= 1;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = await this.client?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  /** Keeps trying for a few seconds, so that a restart of Postgres is a pause and no error. */
  private async connect(): Promise<Client> {
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.connectOnce();
      } catch (error) {
        if (this.closed || Date.now() > deadline) {
          this.client = undefined;
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private async connectOnce(): Promise<Client> {
    const client = new Client({
      connectionString: this.url,
      application_name: 'weft-gateway',
      types: AS_TEXT,
      pipeline: true,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      options: `-c statement_timeout=${STATEMENT_TIMEOUT_MS} -c default_transaction_read_only=on -c jit=off`,
    } as ConstructorParameters<typeof Client>[0]);
    const lost = (error?: Error) => {
      if (this.connected && !this.closed) this.logger.warn({ err: error }, 'postgres connection lost');
      this.connected = false;
      this.losses += 1;
      this.client = undefined;
    };
    client.on('error', lost);
    client.on('end', () => lost());
    await client.connect();
    this.connected = true;
    return client;
  }
}

/** Postgres answered: the connection is sound and the query is at fault. SQLSTATE classes 08 and 57P are outages. */
function isSqlError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('08') && !code.startsWith('57P') && !code.startsWith('E');
}
