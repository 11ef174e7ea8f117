import { type OvnNorthbound, type Replica } from '@weft/ovsdb';

/** What "done" means: in the northbound database, also in the southbound one, or also in the flows of these hosts. */
export type Until = 'northbound' | 'southbound' | { readonly chassis: readonly string[] };

export interface Completion {
  /** Whether all that was waited for came in time; hosts that are down are not waited for. */
  readonly done: boolean;
  /** Whether the southbound database has it, if that was waited for: all hosts that are up can. */
  readonly compiled: boolean;
  /** Hosts that have not got it yet: down, unknown, or slow. They catch up by themselves. */
  readonly late: readonly string[];
}

interface Hosts {
  onChange(listener: () => void): () => void;
  table(name: 'Chassis_Private'): ReadonlyMap<string, { readonly name: string; readonly nb_cfg: number }>;
}
type Northbound = Pick<Replica<OvnNorthbound.OvnNorthboundTables>, 'table' | 'onChange'>;

const ASK_AGAIN_MS = 200;
/** How many times `downAfterMs` a number is remembered: for longer than anybody waits. */
const KEPT = 10;

/**
 * Follows `nb_cfg` through OVN (ovn-architecture(7), "Finding out when a change has been made"): the change raises it, ovn-northd
 * copies it to `sb_cfg` when the southbound database has the change, and each ovn-controller to its Chassis_Private row when the
 * flows are in place.
 */
export class CompletionWatch {
  /** Numbers and when they were raised, oldest first. */
  private readonly raised: { readonly sequence: number; readonly atMs: number }[] = [];

  constructor(
    private readonly northbound: Northbound,
    private readonly hosts: Hosts | undefined,
    private readonly downAfterMs = 3_000,
  ) {
    const { nb_cfg_timestamp } = this.global() ?? { nb_cfg_timestamp: 0 };
    this.note(Math.min(Date.now(), nb_cfg_timestamp));
    northbound.onChange(() => this.note(Date.now()));
  }

  get lastSequence(): number {
    return this.global()?.nb_cfg ?? 0;
  }

  /** Never rejects for what is late. */
  async completed(sequence: number, until: Until, timeoutMs: number): Promise<Completion> {
    if (until === 'northbound') return { done: true, compiled: true, late: [] };
    const deadline = performance.now() + timeoutMs;
    const chassis = until === 'southbound' ? [] : until.chassis;
    const inSouthbound = await comesTrue(
      () => (this.global()?.sb_cfg ?? 0) >= sequence,
      (listener) => this.northbound.onChange(listener),
      timeoutMs,
    );
    if (!inSouthbound) return { done: false, compiled: false, late: chassis };
    if (chassis.length === 0) return { done: true, compiled: true, late: [] };
    const { hosts } = this;
    if (!hosts) throw new Error('To wait for hosts the southbound database is needed');
    const settled = () => this.behind(chassis, sequence).every((name) => this.isDown(name, sequence));
    // One that stands still has reached all that came before: it shows by not getting there in the time that makes a host down.
    const patienceMs = Math.min(deadline - performance.now(), this.downAfterMs);
    const done = await comesTrue(settled, (listener) => hosts.onChange(listener), patienceMs);
    return { done, compiled: true, late: this.behind(chassis, sequence) };
  }

  private behind(chassis: readonly string[], sequence: number): string[] {
    return chassis.filter((name) => (this.sequenceOf(name) ?? -1) < sequence);
  }

  /** Unknown to OVN, or behind what was raised a while ago and before this. */
  private isDown(name: string, sequence: number): boolean {
    const reached = this.sequenceOf(name);
    const old = this.raised.findLast((one) => one.sequence < sequence && one.atMs <= Date.now() - this.downAfterMs);
    return reached === undefined || (old !== undefined && reached < old.sequence);
  }

  private sequenceOf(name: string): number | undefined {
    for (const row of this.hosts?.table('Chassis_Private').values() ?? []) if (row.name === name) return row.nb_cfg;
    return undefined;
  }

  private note(atMs: number): void {
    const sequence = this.lastSequence;
    if (this.raised.at(-1)?.sequence === sequence) return;
    this.raised.push({ sequence, atMs });
    while (this.raised.length > 1 && this.raised[1]!.atMs <= atMs - KEPT * this.downAfterMs) this.raised.shift();
  }

  private global() {
    return this.northbound.table('NB_Global').values().next().value;
  }
}

/** Asked after every change, and now and then: that a host is down shows in the time that has passed. */
function comesTrue(condition: () => boolean, subscribe: (listener: () => void) => () => void, timeoutMs: number): Promise<boolean> {
  if (condition()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (result: boolean) => {
      clearTimeout(limit);
      clearInterval(again);
      unsubscribe();
      resolve(result);
    };
    const ask = () => condition() && finish(true);
    const limit = setTimeout(() => finish(condition()), Math.max(1, timeoutMs));
    const again = setInterval(ask, ASK_AGAIN_MS);
    const unsubscribe = subscribe(ask);
  });
}
