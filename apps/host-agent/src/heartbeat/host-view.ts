/**
 * What runs on this host, looked up in the world (level-triggered; look-list.ts says how often), for heartbeats.
 *
 * An instance that stopped is reported for a minute with what ended it, also when it ended while no agent looked:
 * state.json says what the last agent saw.
 */
import type { CoreSchedulingState, Heartbeat, InstanceSpec, InstanceUsage, RunStatus } from '@weft/contracts';
import type { Driver, Inspection } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';
import { Slots } from '../files/slots';
import type { InstanceStore } from '../instances/instance-store';
import type { Logger } from '@weft/platform';
import { LookList, type Place } from './look-list';

type Reported = Heartbeat['instances'][number];

const STOPPED_SHOWN_MS = 60_000;
/** What a guest uses is looked up this often, and on a host of many less often. */
const USAGE_INTERVAL_MS = 2_000;
const USAGES_PER_LOOK = 10;
/** A guest that came up a moment ago gets its addresses now, and goes first. */
const YOUNG_MS = 15_000;
const LOOKUPS_AT_ONCE = 16;

interface Seen {
  status: RunStatus;
  reason?: string;
  /** When it was first seen in this status, milliseconds since the epoch. */
  since: number;
  usage?: InstanceUsage;
  usageAt: number;
  /** What was told last. */
  report?: Reported;
}

const hasEnded = ({ status }: Seen): boolean => status === 'stopped' || status === 'crashed';

export class HostView {
  private readonly seen = new Map<string, Seen>();
  private readonly slots = new Slots(LOOKUPS_AT_ONCE);
  private readonly list: LookList;

  constructor(
    private readonly deps: { drivers: DriverRegistry; instances: InstanceStore; isBusy(instanceId: string): boolean; clock: () => number; logger: Logger },
  ) {
    this.list = new LookList(deps);
  }

  /** A task or a driver changed this instance, made it or removed it: the next look inspects it. */
  touch(instanceId: string): void {
    this.list.touch(instanceId);
  }

  /** Of every instance that was looked up, what it did then. */
  statuses(): RunStatus[] {
    return [...this.seen.values()].map(({ status }) => status);
  }

  /** Of every guest that was running when it was looked up, how it is isolated. */
  coreScheduling(): CoreSchedulingState[] {
    return [...this.seen.values()].flatMap(({ usage }) => usage?.core_scheduling ?? []);
  }

  async look(): Promise<Reported[]> {
    const due = await this.list.due();
    const inspected = new Set(due.map(({ id }) => id));
    for (const id of this.seen.keys()) if (!this.list.has(id)) this.seen.delete(id);
    const turns = this.usageTurns();
    const reports = await Promise.all(due.map((place) => this.slots.run(() => this.lookAt(place, turns))));
    const resting = [...this.seen].map(([id, seen]) => (inspected.has(id) || this.deps.isBusy(id) || !this.isTold(seen) ? undefined : seen.report));
    return [...reports, ...resting].filter((report) => report !== undefined);
  }

  /** What ended long ago is not told any more. */
  private isTold(seen: Seen): boolean {
    return !hasEnded(seen) || this.deps.clock() - seen.since <= STOPPED_SHOWN_MS;
  }

  private async lookAt({ driver, id }: Place, usageTurns: ReadonlySet<string>): Promise<Reported | undefined> {
    if (this.deps.isBusy(id)) return undefined;
    try {
      const [inspection, state, spec] = await Promise.all([driver.inspect(id), this.deps.instances.state(id), this.deps.instances.spec(id)]);
      if (!state.created || !spec) return undefined;
      const seen = await this.note(id, inspection, state.lastStatus);
      const usage = hasEnded(seen) ? undefined : await this.usage(driver, spec, seen, usageTurns);
      // A task may have begun while we looked: then what we saw may be older than what it does.
      if (this.deps.isBusy(id)) return undefined;
      if (hasEnded(seen)) this.list.rest(id);
      seen.report = {
        id,
        epoch: Math.max(state.epoch, inspection.epoch),
        status: seen.status,
        ...(seen.reason ? { reason: seen.reason } : {}),
        ...(usage ? { usage } : {}),
      };
      return this.isTold(seen) ? seen.report : undefined;
    } catch (error) {
      // Unknown is never failed: it is left out.
      this.deps.logger.warn({ err: error, instanceId: id }, 'instance cannot be inspected');
      return undefined;
    }
  }

  private async note(id: string, inspection: Inspection, lastStatus: RunStatus): Promise<Seen> {
    const before = this.seen.get(id);
    // `lastStatus` is also set by a start: a guest that ended before anybody looked at it must be reported too.
    if (before?.status === inspection.status && lastStatus === inspection.status) return before;
    const wasSeenRunning = [before?.status, lastStatus].some((status) => status === 'running' || status === 'frozen');
    const ended = inspection.status === 'stopped' || inspection.status === 'crashed';
    // Stopped long before this agent started: nobody needs to hear of it.
    const since = ended && !wasSeenRunning ? 0 : this.deps.clock();
    const seen: Seen = { status: inspection.status, reason: inspection.reason, since, usageAt: 0 };
    this.seen.set(id, seen);
    if (inspection.status !== lastStatus) await this.deps.instances.updateState(id, { lastStatus: inspection.status });
    return seen;
  }

  /** Whose usage may be asked for now. */
  private usageTurns(): Set<string> {
    const now = this.deps.clock();
    const age = ({ since }: Seen): number => Math.min(now - since, YOUNG_MS);
    const due = [...this.seen].filter(([, seen]) => !hasEnded(seen) && now - seen.usageAt >= USAGE_INTERVAL_MS);
    due.sort(([, a], [, b]) => age(a) - age(b) || a.usageAt - b.usageAt);
    return new Set(due.slice(0, USAGES_PER_LOOK).map(([id]) => id));
  }

  private async usage(driver: Driver, spec: InstanceSpec, seen: Seen, turns: ReadonlySet<string>): Promise<InstanceUsage | undefined> {
    if (seen.usageAt > 0 && !turns.has(spec.id)) return seen.usage;
    seen.usageAt = this.deps.clock();
    seen.usage = await driver.usage(spec, { recent: true });
    return seen.usage;
  }
}
