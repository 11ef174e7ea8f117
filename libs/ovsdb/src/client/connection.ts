import { OvsdbSchemaError, OvsdbUnsuitableServer } from '../errors';
import { RpcSession } from '../rpc/rpc-session';
import { schemaProblems, type SchemaRequirements } from '../schema/check-schema';
import { parseSchema } from '../schema/parse-schema';
import type { DatabaseSchema } from '../schema/schema';
import { dial, type TlsFiles } from '../wire/dial';
import type { Endpoint } from '../wire/endpoint';
import { type SeenIndex, SERVER_MONITOR, ServerDatabase } from './server-database';

export interface ConnectionOptions {
  readonly tls?: TlsFiles;
  /** In a cluster, use the leader alone: what it shows is never the past. Default true; without meaning for a single server. */
  readonly leaderOnly?: boolean;
  /** How long one step of connecting may take. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** See RpcOptions. Default 5000. */
  readonly probeIntervalMs?: number;
  readonly requirements?: SchemaRequirements;
}

interface ConnectionContext {
  readonly seen: SeenIndex | undefined;
  readonly signal: AbortSignal;
  /** What is not about the server itself. */
  onNotification(method: string, params: readonly unknown[]): void;
  onDialed(session: RpcSession): void;
}

/** One connection to one server that may be used for a database: found suitable, its schema checked. */
export class Connection {
  private readonly watch: ServerDatabase;
  private usable = false;
  serverSchema!: DatabaseSchema;

  private constructor(
    readonly session: RpcSession,
    database: string,
    leaderOnly: boolean,
  ) {
    this.watch = new ServerDatabase(database, leaderOnly);
  }

  /** @throws OvsdbDisconnected, OvsdbTimeout, OvsdbUnsuitableServer, OvsdbSchemaError, OvsdbRequestError */
  static async open(endpoint: Endpoint, model: DatabaseSchema, options: ConnectionOptions, context: ConnectionContext): Promise<Connection> {
    const { connectTimeoutMs: timeoutMs = 10_000, probeIntervalMs, leaderOnly = true, tls, requirements } = options;
    const socket = await dial(endpoint, { timeoutMs, tls, signal: context.signal });
    const onNotification = (method: string, params: readonly unknown[]) => {
      if (!connection.onServerUpdate(method, params)) context.onNotification(method, params);
    };
    const connection: Connection = new Connection(new RpcSession(socket, { probeIntervalMs, onNotification }), model.name, leaderOnly);
    context.onDialed(connection.session);
    try {
      await connection.check(model, requirements, context.seen, timeoutMs);
      return connection;
    } catch (error) {
      connection.session.close(error as Error);
      throw error;
    }
  }

  seen(): SeenIndex | undefined {
    return this.watch.seen();
  }

  private async check(model: DatabaseSchema, requirements: SchemaRequirements | undefined, seen: SeenIndex | undefined, timeoutMs: number): Promise<void> {
    const { session } = this;
    const databases = (await session.request('list_dbs', [], { timeoutMs })) as string[];
    if (!databases.includes(model.name)) throw new OvsdbUnsuitableServer(`the server has no database ${model.name}`);
    if (databases.includes('_Server')) await this.watch.start(session, seen, timeoutMs);
    this.serverSchema = parseSchema(await session.request('get_schema', [model.name], { timeoutMs }));
    const problems = schemaProblems(model, this.serverSchema, requirements);
    if (problems.length > 0) throw new OvsdbSchemaError(model.name, problems);
    this.usable = true;
  }

  /** @returns whether the notification was about the server */
  private onServerUpdate(method: string, params: readonly unknown[]): boolean {
    if (method === 'monitor_canceled') this.session.close(new OvsdbUnsuitableServer('the server cancelled a monitor: the database has changed'));
    if (method !== 'update2' || params[0] !== SERVER_MONITOR) return false;
    const problem = this.watch.onUpdate(params[1]);
    if (problem && this.usable) this.session.close(new OvsdbUnsuitableServer(problem));
    return true;
  }
}
