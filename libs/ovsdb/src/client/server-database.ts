import { OvsdbRequestError, OvsdbUnsuitableServer } from '../errors';
import type { Uuid } from '../notation/values';
import { type AnyRow, TableCopy } from '../replica/table-copy';
import type { RpcSession } from '../rpc/rpc-session';
import type { ColumnType, TableSchema } from '../schema/schema';

export const SERVER_MONITOR = '_Server';

const one = (type: 'string' | 'boolean'): ColumnType => ({ key: { type }, min: 1, max: 1 });
const optional = (type: 'string' | 'uuid' | 'integer'): ColumnType => ({ key: { type }, min: 0, max: 1 });

/** The table Database of the database _Server (ovsdb-server(5)): what a server says of the databases that it serves. */
const DATABASE_TABLE: TableSchema = {
  columns: {
    name: { type: one('string') },
    model: { type: one('string') },
    connected: { type: one('boolean') },
    leader: { type: one('boolean') },
    schema: { type: optional('string') },
    cid: { type: optional('uuid') },
    index: { type: optional('integer') },
  },
};

/** How far into the log of a cluster a client has seen: a server that is behind that would show it the past. */
export interface SeenIndex {
  readonly cluster: Uuid;
  readonly index: number;
}

/** Watches whether one connection's server may be used for a database. */
export class ServerDatabase {
  private readonly copy = new TableCopy('Database', DATABASE_TABLE, Object.keys(DATABASE_TABLE.columns));
  private schema: unknown;

  constructor(
    private readonly database: string,
    private readonly leaderOnly: boolean,
  ) {}

  /** @throws OvsdbUnsuitableServer when the server cannot be used now */
  async start(session: RpcSession, seen: SeenIndex | undefined, timeoutMs: number): Promise<void> {
    await session.request('set_db_change_aware', [true], { timeoutMs }).catch(ignoreUnknownMethod);
    const requests = { Database: [{ columns: Object.keys(DATABASE_TABLE.columns), where: [['name', '==', this.database]] }] };
    const onResult = (updates: unknown) => this.apply(updates);
    await session.request('monitor_cond', ['_Server', SERVER_MONITOR, requests], { timeoutMs, onResult });
    this.schema = this.row()?.schema;
    const problem = this.problem() ?? this.staleness(seen);
    if (problem) throw new OvsdbUnsuitableServer(problem);
  }

  /** `update2` of this monitor. @returns what speaks against this server now */
  onUpdate(updates: unknown): string | undefined {
    this.apply(updates);
    if (this.row()?.schema !== this.schema) return `the schema of ${this.database} has changed`;
    return this.problem();
  }

  /** What to ask of the next server; undefined when the database is no cluster's. */
  seen(): SeenIndex | undefined {
    const row = this.row();
    const [cid, index] = [row?.cid, row?.index];
    return typeof cid === 'string' && typeof index === 'number' ? { cluster: cid as Uuid, index } : undefined;
  }

  private apply(updates: unknown): void {
    this.copy.apply(((updates ?? {}) as Record<string, Record<string, unknown>>).Database ?? {});
  }

  private row(): AnyRow | undefined {
    return this.copy.rows.values().next().value;
  }

  private problem(): string | undefined {
    const row = this.row();
    if (!row) return `the server has no database ${this.database}`;
    if (row.connected !== true) return `the server is not connected to the storage of ${this.database}`;
    if (this.leaderOnly && row.model === 'clustered' && row.leader !== true) return `the server is not the leader of ${this.database}`;
    return undefined;
  }

  private staleness(seen: SeenIndex | undefined): string | undefined {
    const here = this.seen();
    return seen && here && here.cluster === seen.cluster && here.index < seen.index ? `the server is behind: ${here.index} of ${seen.index}` : undefined;
  }
}

/** Servers before Open vSwitch 2.9 do not know it, and close the connection instead. */
function ignoreUnknownMethod(error: unknown): void {
  if (!(error instanceof OvsdbRequestError)) throw error;
}
