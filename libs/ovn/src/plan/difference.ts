import type { ColumnDifference } from './changed-columns';
import type { LinkChanges } from './links';
import type { RowChange } from './plan-context';
import { idsOf, type PresentRow } from './present-rows';
import type { DesiredRow } from '../rows/desired-row';

/** One way in which OVN is not as it should be. */
export interface Difference {
  readonly problem: 'missing' | 'changed' | 'surplus' | 'misplaced';
  readonly table: string;
  readonly owner: string;
  readonly kind: string;
  readonly id: string;
  /** Undefined for rows that are missing. */
  readonly uuid: string | undefined;
  /** For rows that have changed. */
  readonly columns: readonly ColumnDifference[];
}

interface Found {
  readonly missing: readonly DesiredRow[];
  readonly surplus: readonly PresentRow[];
  readonly changes: readonly RowChange[];
  readonly links: LinkChanges;
}

/** A row is named once: one that is missing, or no longer wanted, is not also misplaced. */
export function describeDifferences({ missing, surplus, changes, links }: Found): Difference[] {
  const named = new Set<unknown>([...missing, ...surplus, ...changes.map(({ row }) => row)]);
  const added = links.add.filter(({ want }) => !named.has(want)).map(({ want }) => ofDesired('misplaced', want));
  const removed = links.remove.filter(({ child }) => !named.has(child)).map(({ child }) => ofPresent('misplaced', child));
  return [
    ...missing.map((want) => ofDesired('missing', want)),
    ...changes.map(({ want, row, columns, ids }) => ({
      ...ofDesired('changed', want),
      uuid: row.uuid,
      columns: [...columns, ...(Object.keys(ids).length > 0 ? [{ column: 'external_ids', wanted: ids, present: idsOf(row) }] : [])],
    })),
    ...surplus.map((row) => ofPresent('surplus', row)),
    ...added,
    ...removed,
  ];
}

function ofDesired(problem: Difference['problem'], { table, owner, kind, id }: DesiredRow): Difference {
  return { problem, table, owner, kind, id, uuid: undefined, columns: [] };
}

function ofPresent(problem: Difference['problem'], row: PresentRow): Difference {
  const ids = idsOf(row);
  return { problem, table: row.table, owner: ids['weft:owner'] ?? '', kind: ids['weft:kind'] ?? '', id: ids['weft:id'] ?? '', uuid: row.uuid, columns: [] };
}
