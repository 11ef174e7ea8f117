/**
 * From what is wanted and what is there to the one transaction that makes the second into the first.
 *
 *   desired rows ─┐             ┌─ missing ──► insert, with its links
 *                 ├─► match ────┼─ both ─────► update what differs, add and remove links
 *   present rows ─┘             └─ surplus ──► remove from every set, delete
 *
 * Pure. Rows of other owners are never touched, except that a row to be deleted is taken out of the sets that hold it. The transaction
 * begins with guards (RFC 7047, section 5.2.6 "wait"): it fails as a whole when somebody else has written the same owner's rows
 * meanwhile, and is then planned anew.
 */
import type { Operation } from '@weft/ovsdb';
import type { Scope } from '../model';
import type { DesiredRow } from '../rows/desired-row';
import { describeDifferences, type Difference } from './difference';
import { changedColumns, changedIds, type FindRow } from './changed-columns';
import { guardsAndRevisions } from './guards';
import { linkChanges } from './links';
import { matchRows } from './match-rows';
import type { PresentRows } from './present-rows';
import { writeOperations } from './write-operations';

export interface Plan {
  /** Nothing when nothing differs. */
  readonly operations: readonly Operation[];
  readonly differences: readonly Difference[];
  /** Whose rows it writes. */
  readonly owners: readonly string[];
}

/** @throws OvnStaleState, OvnMissingRow */
export function planChange(desired: readonly DesiredRow[], rows: PresentRows, scope: Scope): Plan {
  const matches = matchRows(desired, rows, scope);
  const wanted = new Set(desired.map(({ key }) => key));
  const find: FindRow = (key) => matches.present.get(key)?.uuid ?? (wanted.has(key) ? undefined : rows.byKey(key)[0]?.uuid);
  const changes = desired.flatMap((want) => {
    const row = matches.present.get(want.key);
    if (!row) return [];
    const [columns, ids] = [changedColumns(want, row, find), changedIds(want, row)];
    return columns.length > 0 || Object.keys(ids).length > 0 ? [{ want, row, columns, ids }] : [];
  });
  const context = { desired, rows, matches, find };
  const links = linkChanges(context);
  const differences = describeDifferences({ ...matches, changes, links });
  if (differences.length === 0) return { operations: [], differences, owners: [] };
  const owners = [...new Set(differences.map(({ owner }) => owner))];
  const { guards, counters } = guardsAndRevisions(context, new Set(owners));
  return { operations: [...guards, ...writeOperations(context, changes, links, counters)], differences, owners };
}
