/**
 * Looks whether OVN holds what it should, on one replica at a time: all of it at start, whenever OVN is reached again or a host
 * comes or goes, after a change that did not get through, and from time to time; what somebody else has touched at once.
 *
 *   touched owners, news, time ──► look ──differs──► look again a moment later ──still──► report ──► mend ──► report
 *
 * The second look tells drift from changes that are on their way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newId, type NetworkEvent } from '@weft/contracts';
import { createWorker, type EventStore, type Worker } from '@weft/event-store';
import { ownerOf, type Difference } from '@weft/ovn';
import { counter, type Logger } from '@weft/platform';
import { executeOnce } from '@weft/service';
import type { Pool } from 'pg';
import type { Changed } from '../clients/data-plane.client';
import type { Ovn } from '../clients/northbound.client';
import { appendIn } from '../commands/network-place';
import { serviceMeta } from '../commands/service-meta';
import { DEFAULT_PROJECT, networkStream } from '../domain/network.state';
import { readDesiredRows, type DesiredRows } from '../queries/desired-rows';
import { desiredState } from './desired-state';
import { networksOf } from './drift-networks';
import { changedOf, scopeOf } from './scope';

export interface RepairOptions {
  store: EventStore;
  pool: Pool;
  schema: string;
  ovn: Ovn;
  log: Logger;
  /** Milliseconds between two looks at everything. */
  checkMs: number;
}

export interface Repair extends Worker {
  /** Everything needs a look, now. */
  ring(): void;
}

const LEASE_MS = 5_000;
const CONFIRM_MS = 400;
const CONFIRM_ROUNDS = 3;
const NAMED_ROWS = 100;
const REPAIR_MS = 30_000;

const mended = counter({ name: 'weft_network_drift_rows_total', help: 'Rows of OVN that were not as they should be, and were mended', labels: ['problem'] });

export function createRepair(options: RepairOptions): Repair {
  const due = new Due(options.ovn);
  const worker = createWorker({
    pool: options.pool,
    schema: options.schema,
    name: 'ovn repair',
    leaseMs: LEASE_MS,
    logger: options.log,
    session: async (_lease, signal) => {
      due.everything();
      while (!signal.aborted) {
        const what = due.take();
        if (what === undefined || options.ovn.problem() !== undefined) await due.wait(options.checkMs, signal);
        else await look(options, what).catch((error: unknown) => due.again(what, error));
      }
    },
  });
  return { ...worker, ring: () => due.everything() };
}

/** What has to be looked at. */
class Due {
  private owners = new Set<string>();
  private all = true;
  private wake: (() => void) | undefined;
  private listening = false;

  constructor(private readonly ovn: Ovn) {
    ovn.onNews(() => {
      this.listen();
      this.everything();
    });
  }

  everything(): void {
    this.all = true;
    this.wake?.();
  }

  take(): Changed | 'everything' | undefined {
    if (this.all) {
      this.all = false;
      this.owners = new Set();
      return 'everything';
    }
    if (this.owners.size === 0) return undefined;
    const owners = this.owners;
    this.owners = new Set();
    return changedOf(owners);
  }

  /** A failed look is made again, once there is reason to, or with the next look at everything. */
  again(_what: Changed | 'everything', error: unknown): never {
    this.all = true;
    throw error;
  }

  /** For something to do; after `ms` everything is due. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new Promise<boolean>((resolve) => (this.wake = () => resolve(true)));
    const timeout = new AbortController();
    const slept = sleep(ms, false, { signal: AbortSignal.any([signal, timeout.signal]) }).catch(() => true);
    if (!(await Promise.race([woken, slept]))) this.all = true;
    timeout.abort();
    this.wake = undefined;
  }

  private listen(): void {
    const northbound = this.ovn.northbound();
    if (this.listening || !northbound) return;
    this.listening = true;
    northbound.onTouched((owners) => {
      for (const owner of owners) this.owners.add(owner);
      this.wake?.();
    });
  }
}

interface Look {
  rows: DesiredRows;
  differences: readonly Difference[];
  apply(): Promise<readonly Difference[]>;
}

async function take({ pool, ovn }: RepairOptions, what: Changed | 'everything'): Promise<Look> {
  const nb = ovn.northbound()!;
  const rows = await readDesiredRows(pool, what);
  const change = { state: desiredState(rows, ovn.chassis()), scope: what === 'everything' ? what : scopeOf(what, rows) };
  const apply = async () => (await nb.apply(change, { until: 'northbound', timeoutMs: REPAIR_MS })).differences;
  return { rows, differences: nb.drift(change), apply };
}

const keyOf = ({ problem, table, owner, kind, id, uuid }: Difference): string => [problem, table, owner, kind, id, uuid].join(' ');

/** Of a row that keeps being changed another one each time. */
const contentOf = (one: Difference): string => JSON.stringify([keyOf(one), one.columns]);

/**
 * Differences that are still there a moment later. What was not there before gets a moment of its own, since mending takes all
 * that differs: nothing is mended that was not reported, unless somebody never stops.
 */
async function confirmed(options: RepairOptions, what: Changed | 'everything'): Promise<Look & { drift: readonly Difference[] }> {
  let look = await take(options, what);
  for (let round = 0; ; round++) {
    if (look.differences.length === 0) return { ...look, drift: [] };
    const before = new Set(look.differences.map(contentOf));
    await sleep(CONFIRM_MS);
    look = await take(options, what);
    const drift = look.differences.filter((one) => before.has(contentOf(one)));
    if (drift.length === look.differences.length || round === CONFIRM_ROUNDS) return { ...look, drift };
  }
}

async function look(options: RepairOptions, what: Changed | 'everything'): Promise<void> {
  const { differences, drift, rows, apply } = await confirmed(options, what);
  if (drift.length === 0) return;
  // A network of which OVN has nothing at all was never carried out: no drift, but work that is left.
  const known = new Set(options.ovn.northbound()!.owners());
  const placesOf = (some: readonly Difference[]) => networksOf(some, rows).filter(({ place }) => known.has(ownerOf.network(place.networkId)));
  const places = placesOf(drift);
  await reportDrift(options, places);
  const done = await apply();
  options.log.info({ rows: done.length }, 'OVN is mended');
  for (const { problem } of done) mended.inc({ problem });
  // The same wish, and more that differs from it: somebody was faster than the repair.
  const seen = new Set(differences.map(keyOf));
  const late = placesOf(done.filter((one) => !seen.has(keyOf(one))));
  await reportDrift(options, late);
  for (const { place, rows: mine } of [...places, ...late]) await report(options, { type: 'NetworkRepaired', data: { ...place, total: mine.length } });
}

async function reportDrift(options: RepairOptions, places: ReturnType<typeof networksOf>): Promise<void> {
  for (const { place, rows } of places) {
    const named = rows.slice(0, NAMED_ROWS).map(keyOf);
    options.log.warn({ network: place.name, rows: named, total: rows.length }, 'OVN is not as it should be');
    await report(options, { type: 'NetworkDriftFound', data: { ...place, rows: named, total: rows.length } });
  }
}

async function report({ store }: RepairOptions, event: NetworkEvent): Promise<void> {
  await executeOnce({ store }, serviceMeta(event.data.project || DEFAULT_PROJECT, newId()), 'network-drift', event.data, async (uow) => {
    appendIn(uow, event.data.project || DEFAULT_PROJECT, networkStream(event.data.networkId), [event]);
    return {};
  });
}
