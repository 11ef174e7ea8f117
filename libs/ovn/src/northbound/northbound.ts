import { operationsOn, OvnNorthbound, OvnSouthbound, OvsdbClient, type OvsdbClientOptions, type Replica } from '@weft/ovsdb';
import type { DesiredState, Scope } from '../model';
import type { Difference } from '../plan/difference';
import { type Plan, planChange } from '../plan/plan';
import { isOwnedTable, PresentRows } from '../plan/present-rows';
import { desiredRows } from '../rows/desired-rows';
import { OWNED_TABLES } from '../rows/owned-tables';
import { ChangeQueue, type Committed } from './change-queue';
import { type Completion, CompletionWatch, type Until } from './completion-watch';

const { OVN_NORTHBOUND } = OvnNorthbound;
const { OVN_SOUTHBOUND } = OvnSouthbound;
const nb = operationsOn(OVN_NORTHBOUND);

/** Owned tables whole, and the counters of what has been done. */
export const NORTHBOUND_COPY = { ...Object.fromEntries(OWNED_TABLES.map((table) => [table, true as const])), NB_Global: true as const };
export const SOUTHBOUND_COPY = { Chassis_Private: { columns: ['name', 'nb_cfg'] } } as const;

export interface NorthboundOptions {
  readonly northbound: OvsdbClientOptions;
  /** Needed to wait for hosts. */
  readonly southbound?: OvsdbClientOptions;
  /** A host that has not done for so long what others have is taken for down. Default 3000. */
  readonly downAfterMs?: number;
}

export interface Change {
  /** What is in the scope, and what that needs to be understood (see DesiredState). */
  readonly state: DesiredState;
  readonly scope: Scope;
}

export interface ApplyOptions {
  /** What "done" means. Default: `southbound`. */
  readonly until?: Until;
  /** How long to wait for that. Default 10,000. */
  readonly timeoutMs?: number;
}

export interface Written {
  /** What was not as it should be. Empty: nothing was written. */
  readonly differences: readonly Difference[];
  /** `nb_cfg` that it is in. */
  readonly sequence: number;
}

export interface Applied {
  /** What was not as it should be. Empty: nothing was written. */
  readonly differences: readonly Difference[];
  readonly completion: Completion;
}

/** OVN's northbound database, of which Weft owns some rows. Stays connected, keeps a copy of the owned tables, and writes changes. */
export class Northbound {
  private readonly rows = new PresentRows();
  private readonly queue: ChangeQueue;
  private readonly listeners = new Set<(owners: ReadonlySet<string>) => void>();

  private constructor(
    private readonly client: OvsdbClient<OvnNorthbound.OvnNorthboundTables>,
    private readonly southbound: OvsdbClient<OvnSouthbound.OvnSouthboundTables> | undefined,
    private readonly copy: Replica<OvnNorthbound.OvnNorthboundTables>,
    private readonly watch: CompletionWatch,
  ) {
    this.queue = new ChangeQueue(
      (plan) => this.commit(plan),
      (rows, scope) => planChange(rows, this.rows, scope),
    );
    for (const table of OWNED_TABLES) for (const row of copy.table(table).values()) this.rows.take(table, row._uuid, row as never);
    copy.onChange((changes) => this.onChange(changes));
  }

  /** @throws OvsdbError when the databases cannot be reached in time; later outages are ridden out */
  static async connect({ northbound, southbound, downAfterMs }: NorthboundOptions): Promise<Northbound> {
    const client = new OvsdbClient(OVN_NORTHBOUND, northbound);
    const south = southbound && new OvsdbClient(OVN_SOUTHBOUND, southbound);
    try {
      const copy = (await client.monitor(NORTHBOUND_COPY)) as Replica<OvnNorthbound.OvnNorthboundTables>;
      const hosts = await south?.monitor(SOUTHBOUND_COPY);
      return new Northbound(client, south, copy, new CompletionWatch(copy, hosts, downAfterMs));
    } catch (error) {
      await Promise.all([client.close(), south?.close()]);
      throw error;
    }
  }

  /**
   * Makes OVN hold what the state says of the scope, in one transaction; changes that come together share one. Settles when it is
   * done as `until` means it, or when that did not come in time: `completion` tells.
   * @throws OvnStaleState, OvnMissingRow, OvnIncompleteState, OvsdbError: nothing was written
   */
  async apply(change: Change, { until = 'southbound', timeoutMs = 10_000 }: ApplyOptions = {}): Promise<Applied> {
    const deadline = performance.now() + timeoutMs;
    const { differences, sequence } = await this.write(change);
    const completion = await this.completed(sequence, { until, timeoutMs: Math.max(1, deadline - performance.now()) });
    return { differences, completion };
  }

  /**
   * The first half of `apply`. `sequence`: what `completed` waits for.
   * @throws OvnStaleState, OvnMissingRow, OvnIncompleteState, OvsdbError: nothing was written
   */
  async write({ state, scope }: Change): Promise<Written> {
    const { differences, sequence } = await this.queue.add(desiredRows(state, scope), scope);
    return { differences, sequence: sequence ?? this.watch.lastSequence };
  }

  /** The second half of `apply`. Never rejects for what is late. */
  completed(sequence: number, { until = 'southbound', timeoutMs = 10_000 }: ApplyOptions = {}): Promise<Completion> {
    return this.watch.completed(sequence, until, timeoutMs);
  }

  /** What is not as the state says, without changing it. */
  drift({ state, scope }: Change): readonly Difference[] {
    return planChange(desiredRows(state, scope), this.rows, scope).differences;
  }

  /** All owners that have rows in OVN. */
  owners(): string[] {
    return this.rows.owners();
  }

  /** Called with owners whose rows somebody else has changed: they may need repair. @returns how to stop listening */
  onTouched(listener: (owners: ReadonlySet<string>) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Settles when OVN can be written to. @throws OvsdbDisconnected */
  async ready(options?: { readonly timeoutMs?: number }): Promise<void> {
    await this.client.ready(options);
  }

  async close(): Promise<void> {
    this.listeners.clear();
    await Promise.all([this.client.close(), this.southbound?.close()]);
  }

  /** The counter is raised with the change itself: whoever has that number has the change (ovn-architecture(7)). */
  private async commit({ operations }: Plan): Promise<Committed> {
    // A new database lacks the row until ovn-northd has seen it.
    const begin = this.copy.table('NB_Global').size === 0 ? [nb.insert('NB_Global', {})] : [];
    const raise = nb.mutate('NB_Global', [], [['nb_cfg', '+=', 1]]);
    const results = await this.client.transact([...operations, ...begin, raise, nb.select('NB_Global', [], ['nb_cfg'])]);
    const { rows } = results.at(-1) as { readonly rows: readonly { readonly nb_cfg: number }[] };
    return { sequence: rows[0]!.nb_cfg };
  }

  private onChange(changes: readonly { readonly table: string; readonly uuid: string; readonly after: unknown }[]): void {
    const touched = new Set<string>();
    for (const { table, uuid, after } of changes) {
      if (isOwnedTable(table)) for (const owner of this.rows.take(table, uuid as never, after as never)) touched.add(owner);
    }
    for (const owner of this.queue.owners) touched.delete(owner);
    if (touched.size > 0) for (const listener of this.listeners) listener(touched);
  }
}
