import { type Operation, operationsOn, OvnNorthbound } from '@weft/ovsdb';
import type { DesiredRow } from '../rows/desired-row';
import type { PlanContext } from './plan-context';
import { idsOf, ownerOfRow, type PresentRow } from './present-rows';
import { OvnStaleState } from './stale-state';

const nb = operationsOn(OvnNorthbound.OVN_NORTHBOUND);

export interface GuardsAndRevisions {
  readonly guards: readonly Operation[];
  /** Counters to write into anchors, by the key of the row. */
  readonly counters: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/**
 * Each owner's anchor counts its changes. A transaction waits, with no time to do so, for the counter to be what the plan saw, and
 * raises it: of two writers that looked at the same rows, one succeeds. @throws OvnStaleState
 */
export function guardsAndRevisions({ desired, matches }: PlanContext, owners: ReadonlySet<string>): GuardsAndRevisions {
  const guards: Operation[] = [];
  const counters = new Map<string, Record<string, string>>();
  for (const want of desired) {
    if (!want.anchor || !owners.has(want.owner)) continue;
    const row = matches.present.get(want.key);
    if (row) checkVersion(want, row);
    guards.push(row ? unchanged(row) : absent(want));
    counters.set(want.key, { 'weft:version': String(want.version), 'weft:revision': String(row ? revisionOf(row) + 1 : 1) });
  }
  const leaving = matches.surplus.filter((row) => 'weft:revision' in idsOf(row));
  return { guards: [...guards, ...leaving.map(unchanged)], counters };
}

function checkVersion(want: DesiredRow, row: PresentRow): void {
  const present = Number(idsOf(row)['weft:version']);
  if (ownerOfRow(row) === want.owner && present > want.version) throw new OvnStaleState(want.owner, present, want.version);
}

function revisionOf(row: PresentRow): number {
  const revision = Number(idsOf(row)['weft:revision']);
  return Number.isSafeInteger(revision) ? revision : 0;
}

function unchanged(row: PresentRow): Operation {
  return nb.wait(row.table, [['_uuid', '==', row.uuid]], '==', [{ external_ids: idsOf(row) }], { columns: ['external_ids'], timeoutMs: 0 });
}

/** Anchors have names. */
function absent(want: DesiredRow): Operation {
  const name = String(want.columns.name);
  return nb.wait(want.table as 'Logical_Router', [['name', '==', name]], '==', [], { columns: ['name'], timeoutMs: 0 });
}
