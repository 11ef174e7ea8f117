import { setTimeout as sleep } from 'node:timers/promises';
import { OvsdbDisconnected, type OvsdbError } from '../errors';
import { firstOf, Listeners } from '../listeners';
import { decodeResults } from '../operations/decode-results';
import { encodeOperation } from '../operations/encode-operation';
import type { Operation, ResultsOf } from '../operations/operation';
import { Replica } from '../replica/replica';
import type { MonitorSpec } from '../replica/monitor-request';
import type { RpcSession } from '../rpc/rpc-session';
import type { Database } from '../schema/schema';
import { type Endpoint, parseEndpoints } from '../wire/endpoint';
import { BackOff, type BackOffOptions } from './back-off';
import type { ClientState } from './client-state';
import { Connection, type ConnectionOptions } from './connection';
import { OvsdbLock } from './lock';
import type { SeenIndex } from './server-database';

export interface OvsdbClientOptions extends ConnectionOptions {
  /** `tcp:`, `ssl:` and `unix:` endpoints, all of one database or cluster; a string may list them with commas. */
  readonly endpoints: string | readonly string[];
  /** How long a request may take, waiting for a connection included. Default 30,000. */
  readonly requestTimeoutMs?: number;
  readonly backOff?: BackOffOptions;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  /** Aborting cancels the request on the server too, if it still can be. */
  readonly signal?: AbortSignal;
}

/**
 * A client of one database that stays connected: copies, conditions and locks live on across connections, requests do not. A request
 * that was under way when the connection was lost fails with `outcome: 'unknown'`; the caller looks at the copy and decides.
 */
export class OvsdbClient<Tables extends object> {
  private readonly endpoints: readonly Endpoint[];
  private readonly backOff: BackOff;
  private readonly stopping = new AbortController();
  private readonly states = new Listeners<ClientState>();
  private readonly replicas = new Map<string, Replica<Tables>>();
  private readonly locks = new Map<string, OvsdbLock>();
  private readonly ended: Promise<void>;
  private current: ClientState;
  private connection: Connection | undefined;
  private session: RpcSession | undefined;
  private seen: SeenIndex | undefined;
  private lastReason: Error | undefined;
  private lastMonitor = 0;

  constructor(
    readonly database: Database<Tables>,
    private readonly options: OvsdbClientOptions,
  ) {
    this.endpoints = parseEndpoints(options.endpoints);
    this.backOff = new BackOff(this.endpoints.length, options.backOff);
    this.current = { status: 'connecting', endpoint: this.endpoints[0]!.text };
    this.ended = this.run();
  }

  get state(): ClientState {
    return this.current;
  }

  /** @returns how to stop listening */
  onState(listener: (state: ClientState) => void): () => void {
    return this.states.add(listener);
  }

  /** Settles when requests can be sent. @throws OvsdbDisconnected after timeoutMs, with the reason of the last attempt as its cause */
  async ready({ timeoutMs = this.requestTimeoutMs, signal }: CallOptions = {}): Promise<void> {
    await this.usable('ready', timeoutMs, signal);
  }

  /**
   * All of the operations or none (RFC 7047, section 4.1.3); what they changed is in the copies when this settles.
   * @throws OvsdbValueError, OvsdbTransactionError, OvsdbRequestError, OvsdbDisconnected, OvsdbTimeout
   */
  async transact<const Ops extends readonly Operation[]>(operations: Ops, options: CallOptions = {}): Promise<ResultsOf<Ops>> {
    const encoded = operations.map((operation) => encodeOperation(this.database, operation));
    const result = await this.request('transact', [this.database.name, ...encoded], options);
    return decodeResults(this.database, operations, result) as ResultsOf<Ops>;
  }

  /** Any method of the server, for what this class has no method for (`get_server_id`, `convert`...). */
  async request(method: string, params: readonly unknown[], { timeoutMs = this.requestTimeoutMs, signal }: CallOptions = {}): Promise<unknown> {
    const deadline = performance.now() + timeoutMs;
    const { session } = await this.usable(method, timeoutMs, signal);
    return session.request(method, params, { timeoutMs: Math.max(1, deadline - performance.now()), signal });
  }

  async listDatabases(options?: CallOptions): Promise<string[]> {
    return (await this.request('list_dbs', [], options)) as string[];
  }

  /** Keeps a copy of tables; settles when it is complete. Several copies may exist at once. */
  async monitor<const Spec extends MonitorSpec<Tables>>(spec: Spec, options: CallOptions = {}): Promise<Replica<Tables, Spec>> {
    const { timeoutMs = this.requestTimeoutMs, signal } = options;
    const replica = new Replica<Tables, Spec>(this.database, spec, `monitor-${++this.lastMonitor}`);
    const { session, serverSchema } = await this.usable('monitor_cond_since', timeoutMs, signal);
    this.replicas.set(replica.id, replica as unknown as Replica<Tables>);
    try {
      await replica.start(session, serverSchema, timeoutMs);
    } catch (error) {
      this.unmonitor(replica);
      throw error;
    }
    return replica;
  }

  /** Ends a copy: it keeps its rows and hears of nothing more. */
  unmonitor(replica: { readonly id: string; stop(): void }): void {
    this.replicas.delete(replica.id);
    replica.stop();
  }

  /** Asks for a lock and keeps asking across connections until `unlock`; one object per name. */
  async lock(name: string, { timeoutMs = this.requestTimeoutMs, signal }: CallOptions = {}): Promise<OvsdbLock> {
    const present = this.locks.get(name);
    if (present) return present;
    const { session } = await this.usable('lock', timeoutMs, signal);
    const lock = new OvsdbLock(name, () => void this.locks.delete(name));
    this.locks.set(name, lock);
    await lock.start(session, timeoutMs).catch((error: unknown) => {
      this.locks.delete(name);
      throw error;
    });
    return lock;
  }

  /** Ends everything; requests under way fail. Settles when nothing is left open. */
  async close(): Promise<void> {
    this.stopping.abort();
    this.session?.close();
    await this.ended;
  }

  private get requestTimeoutMs(): number {
    return this.options.requestTimeoutMs ?? 30_000;
  }

  private usable(method: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Connection> {
    const find = () => {
      if (this.current.status === 'closed') throw new OvsdbDisconnected(method, 'not-sent');
      return this.current.status === 'ready' && this.connection?.session.isOpen ? this.connection : undefined;
    };
    const onTimeout = (): OvsdbError => new OvsdbDisconnected(method, 'not-sent', { cause: this.lastReason });
    return (async () => firstOf((listener) => this.states.add(listener), find, { timeoutMs, signal, onTimeout }))();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const { reason, wasReady } = await this.serveOnce(this.endpoints[this.backOff.server]!);
      this.lastReason = reason;
      for (const lock of this.locks.values()) lock.set(false);
      if (this.stopping.signal.aborted) break;
      const waitMs = wasReady ? this.backOff.lost() : this.backOff.failed();
      this.enter({ status: 'waiting', reason, waitMs });
      await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    this.enter({ status: 'closed' });
  }

  /** One connection from its beginning to its end. Never rejects. */
  private async serveOnce(server: Endpoint): Promise<{ reason: Error; wasReady: boolean }> {
    const endpoint = server.text;
    let wasReady = false;
    try {
      this.enter({ status: 'connecting', endpoint });
      const connection = await Connection.open(server, this.database, this.options, {
        seen: this.seen,
        signal: this.stopping.signal,
        onNotification: (method, params) => this.onNotification(method, params),
        onDialed: (session) => this.onDialed(session, endpoint),
      });
      this.connection = connection;
      this.enter({ status: 'synchronising', endpoint });
      await this.synchronise(connection);
      wasReady = true;
      this.enter({ status: 'ready', endpoint });
      const reason = await connection.session.closed;
      this.seen = connection.seen() ?? this.seen;
      return { reason: reason ?? new OvsdbDisconnected('session', 'not-sent'), wasReady };
    } catch (error) {
      this.session?.close(error as Error);
      return { reason: error as Error, wasReady };
    } finally {
      this.connection = undefined;
    }
  }

  private onDialed(session: RpcSession, endpoint: string): void {
    this.session = session;
    if (this.stopping.signal.aborted) session.close();
    else this.enter({ status: 'checking', endpoint });
  }

  private async synchronise({ session, serverSchema }: Connection): Promise<void> {
    for (const lock of this.locks.values()) await lock.start(session, this.requestTimeoutMs);
    for (const replica of this.replicas.values()) await replica.start(session, serverSchema, this.requestTimeoutMs);
  }

  private onNotification(method: string, [first, ...rest]: readonly unknown[]): void {
    if (method === 'update3') this.replicas.get(first as string)?.onUpdate(rest[0], rest[1]);
    else if (method === 'locked' || method === 'stolen') this.locks.get(first as string)?.set(method === 'locked');
  }

  private enter(state: ClientState): void {
    this.current = state;
    this.states.emit(state);
  }
}
