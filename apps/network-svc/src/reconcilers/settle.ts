/**
 * Fetch, plan, apply: what tables say of a change, compared with OVN, written in one transaction. Many may run at once; one
 * that was overtaken by a newer change looks again before it is done, so the last word is always the tables'.
 */
import { WeftError } from '@weft/contracts';
import { OvnStaleState, type Change } from '@weft/ovn';
import { OvsdbError } from '@weft/ovsdb';
import { durations, type Logger } from '@weft/platform';
import type { Changed, DataPlane } from '../clients/data-plane.client';
import type { Ovn } from '../clients/northbound.client';
import type { Queryable } from '../queries/database';
import { hasGrownSince, readDesiredRows } from '../queries/desired-rows';
import { concernedHosts } from './concerned-hosts';
import { desiredState } from './desired-state';
import { scopeOf } from './scope';

const ROUNDS = 20;
/** For a connection that is coming back. */
const READY_MS = 1_000;

const seconds = durations({ name: 'weft_network_settle_seconds', help: 'Time from a committed change to its place in OVN' });

export interface SettleOptions {
  pool: Queryable;
  ovn: Ovn;
  log: Logger;
  waitMs: number;
  /** Somebody must look again: a change did not reach OVN. */
  onFailure(): void;
}

type Nb = NonNullable<ReturnType<Ovn['northbound']>>;

export function createDataPlane({ pool, ovn, log, waitMs, onFailure }: SettleOptions): DataPlane {
  const northbound = () => {
    const problem = ovn.problem();
    const nb = ovn.northbound();
    if (problem !== undefined || !nb)
      throw new WeftError('network.unavailable', `Networks cannot be changed now: ${problem ?? 'OVN cannot be reached'}; try again`);
    return nb;
  };

  const round = async (changed: Changed, until: 'written' | 'in effect', deadline: number): Promise<boolean> => {
    const rows = await readDesiredRows(pool, changed);
    const change = { state: desiredState(rows, ovn.chassis()), scope: scopeOf(changed, rows) };
    const nb = northbound();
    const waits = until === 'in effect';
    const [sequence, chassis] = await Promise.all([written(nb, change), waits ? concernedHosts(pool, change.state) : []]);
    if (sequence === undefined) return false;
    const [isLast] = await Promise.all([wasLast(nb, changed, rows.snapshot), waits && inEffect(nb, sequence, chassis, deadline)]);
    return isLast;
  };

  /** Undefined: somebody else has written a newer state. */
  const written = async (nb: Nb, change: Change): Promise<number | undefined> => {
    try {
      return (await nb.write(change)).sequence;
    } catch (error) {
      if (error instanceof OvnStaleState) return undefined;
      throw error;
    }
  };

  const inEffect = async (nb: Nb, sequence: number, chassis: readonly string[], deadline: number): Promise<void> => {
    const completion = await nb.completed(sequence, { until: { chassis }, timeoutMs: Math.max(1, deadline - performance.now()) });
    if (completion.late.length > 0) log.info({ hosts: completion.late }, 'hosts that have not got a change yet');
    if (!completion.compiled)
      throw new WeftError('network.unavailable', 'The change is recorded, but ovn-northd has not carried it out in time: it will when it is back');
  };

  /** Asked when it has been written. Was something committed while this was on its way, and written before it? */
  const wasLast = async (nb: Nb, changed: Changed, snapshot: string): Promise<boolean> => {
    if (!(await hasGrownSince(pool, snapshot))) return true;
    const after = await readDesiredRows(pool, changed);
    return nb.drift({ state: desiredState(after, ovn.chassis()), scope: scopeOf(changed, after) }).length === 0;
  };

  const settle = async (changed: Changed, until: 'written' | 'in effect'): Promise<void> => {
    const end = seconds.startTimer();
    const deadline = performance.now() + waitMs;
    try {
      for (let n = 0; n < ROUNDS; n++) if (await round(changed, until, deadline)) return;
      throw new WeftError('network.unavailable', 'The change is recorded, but others keep changing the same network: it will reach OVN');
    } catch (error) {
      onFailure();
      if (!(error instanceof OvsdbError)) throw error;
      log.warn({ err: error }, 'a change did not reach OVN');
      throw new WeftError('network.unavailable', 'The change is recorded, and will reach OVN when that answers again', { cause: error });
    } finally {
      end();
    }
  };
  const begun = new Set<Promise<void>>();

  return {
    async require() {
      try {
        await northbound().ready({ timeoutMs: READY_MS });
      } catch (error) {
        if (!(error instanceof OvsdbError)) throw error;
        throw new WeftError('network.unavailable', 'Networks cannot be changed now: OVN cannot be reached; try again', { cause: error });
      }
    },
    settle: (changed, until = 'in effect') => settle(changed, until),
    begin(changed) {
      const work = settle(changed, 'written')
        .catch((error: unknown) => log.warn({ err: error }, 'a change has not reached OVN yet'))
        .finally(() => begun.delete(work));
      begun.add(work);
    },
    idle: async () => void (await Promise.all(begun)),
    gatewayChassis: async (number) => (ovn.northbound() ? ovn.chassisOf(`cr-weft-net${number}-lr-lrp-ext`) : undefined),
  };
}
