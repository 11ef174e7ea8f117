import { OvsdbProtocolError, OvsdbTimeout } from '../errors';
import { firstOf, Listeners } from '../listeners';
import { type Uuid, ZERO_UUID } from '../notation/values';
import { encodeConditions, tableOf } from '../operations/encode-operation';
import type { Clause } from '../operations/operation';
import type { Condition, Row } from '../operations/row-types';
import type { RpcSession } from '../rpc/rpc-session';
import type { DatabaseSchema } from '../schema/schema';
import { encodeMonitorRequests, type MonitoredTable, type MonitorSpec, monitoredTables } from './monitor-request';
import { type RowChange, TableCopy } from './table-copy';

type CopiedRow<Columns, Spec> = Spec extends { readonly columns: readonly (infer C)[] } ? Row<Pick<Columns, C & keyof Columns>> : Row<Columns>;

/** Changes by table; `change.table` tells which. */
export type ReplicaChange<Tables extends object, Spec> = {
  [T in keyof Tables & keyof Spec & string]: RowChange<CopiedRow<Tables[T], Spec[T]>> & { readonly table: T };
}[keyof Tables & keyof Spec & string];

/**
 * A copy of tables of a database that the server keeps up to date (monitor_cond_since and update3, ovsdb-server(7) sections 4.1.15
 * and 4.1.16). It keeps its rows while there is no connection and goes on from the last transaction that it has seen when the
 * server still knows that one; otherwise it gets all rows again and reports only what differs.
 *
 * What a transaction of this client changed is in the copy before `transact` answers (section 4.1.5).
 */
export class Replica<Tables extends object, Spec extends MonitorSpec<Tables> = MonitorSpec<Tables>> {
  private readonly monitored: Map<string, MonitoredTable>;
  private readonly copies: Map<string, TableCopy>;
  private readonly listeners = new Listeners<readonly ReplicaChange<Tables, Spec>[]>();
  private lastTransaction: Uuid = ZERO_UUID;
  private unconfirmedConditions = 0;
  private session: RpcSession | undefined;

  /** Use `OvsdbClient.monitor`. */
  constructor(
    private readonly model: DatabaseSchema,
    spec: Spec,
    readonly id: string,
  ) {
    this.monitored = monitoredTables(model, spec as Readonly<Record<string, unknown>>);
    this.copies = new Map([...this.monitored].map(([name, { columns }]) => [name, new TableCopy(name, tableOf(model, name), columns)]));
  }

  /** The rows of a table by their uuid; live, and replaced, never changed in place. */
  table<T extends keyof Tables & keyof Spec & string>(name: T): ReadonlyMap<Uuid, CopiedRow<Tables[T], Spec[T]>> {
    return this.copies.get(name)!.rows as ReadonlyMap<Uuid, unknown> as ReadonlyMap<Uuid, CopiedRow<Tables[T], Spec[T]>>;
  }

  /** Called once per update of the server (one or more transactions), when the copy has it. @returns how to stop listening */
  onChange(listener: (changes: readonly ReplicaChange<Tables, Spec>[]) => void): () => void {
    return this.listeners.add(listener);
  }

  /** Settles when the copy makes `find` give something else than undefined or false. @throws OvsdbTimeout */
  until<R>(find: () => R | undefined | false, timeoutMs: number): Promise<R> {
    const ask = () => {
      const found = find();
      return found === false ? undefined : found;
    };
    return firstOf((listener) => this.listeners.add(listener), ask, { timeoutMs, onTimeout: () => new OvsdbTimeout('until', timeoutMs) });
  }

  /** Replaces the conditions of some tables; settles when the copy has what they select. Without a connection: with the next one. */
  async changeConditions(conditions: { readonly [T in keyof Tables & keyof Spec]?: readonly Condition<Tables[T]>[] }): Promise<void> {
    const changed = Object.entries(conditions as Record<string, readonly Clause[]>);
    const requests = changed.map(([name, where]) => [name, [{ where: encodeConditions(this.model, name, where) }]] as const);
    for (const [name, where] of changed) this.monitored.get(name)!.where = where;
    this.unconfirmedConditions++;
    if (!this.session?.isOpen) return;
    const onResult = () => void this.unconfirmedConditions--;
    await this.session.request('monitor_cond_change', [this.id, this.id, Object.fromEntries(requests)], { onResult });
  }

  /** Begins or goes on over a new connection. */
  async start(session: RpcSession, server: DatabaseSchema, timeoutMs: number): Promise<void> {
    // Rows that were left out under other conditions are in no history: everything has to come again.
    if (this.unconfirmedConditions > 0) this.lastTransaction = ZERO_UUID;
    this.unconfirmedConditions = 0;
    this.session = session;
    const requests = encodeMonitorRequests(this.model, server, this.monitored);
    const onResult = (result: unknown) => this.onStarted(result);
    await session.request('monitor_cond_since', [this.model.name, this.id, requests, this.lastTransaction], { timeoutMs, onResult });
  }

  /** Ends the copy on the server's side. */
  stop(): void {
    if (this.session?.isOpen) this.session.request('monitor_cancel', [this.id]).catch(() => undefined);
    this.session = undefined;
  }

  /** `update3` of this monitor: [last-txn-id, table-updates2]. */
  onUpdate(lastTransaction: unknown, updates: unknown): void {
    this.take(lastTransaction, updates, (copy, rows) => copy.apply(rows));
  }

  private onStarted(result: unknown): void {
    if (!Array.isArray(result) || result.length !== 3) throw new OvsdbProtocolError('monitor_cond_since: three results are expected');
    const [found, lastTransaction, updates] = result as [unknown, unknown, Record<string, unknown>];
    if (found === true) return this.onUpdate(lastTransaction, updates);
    const all = Object.fromEntries([...this.copies.keys()].map((name) => [name, updates[name] ?? {}]));
    this.take(lastTransaction, all, (copy, rows) => copy.replace(rows));
  }

  private take(lastTransaction: unknown, updates: unknown, how: (copy: TableCopy, rows: Record<string, unknown>) => RowChange[]): void {
    let changes: RowChange[];
    try {
      changes = Object.entries(updates as Record<string, Record<string, unknown>>).flatMap(([name, rows]) => {
        const copy = this.copies.get(name);
        return copy ? how(copy, rows) : [];
      });
    } catch (error) {
      // A copy that missed something must not go on from where it is.
      this.lastTransaction = ZERO_UUID;
      throw error;
    }
    this.lastTransaction = lastTransaction as Uuid;
    if (changes.length > 0) this.listeners.emit(changes as unknown as ReplicaChange<Tables, Spec>[]);
  }
}
