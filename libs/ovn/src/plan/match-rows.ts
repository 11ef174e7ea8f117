import { sameValue } from '@weft/ovsdb';
import type { Scope } from '../model';
import type { DesiredRow, RowKey } from '../rows/desired-row';
import { isNamed } from '../rows/owned-tables';
import { changedColumns, type FindRow } from './changed-columns';
import { ownerOfRow, type PresentRow, type PresentRows } from './present-rows';

export interface Matches {
  /** What OVN has of the desired rows. */
  readonly present: ReadonlyMap<RowKey, PresentRow>;
  readonly missing: readonly DesiredRow[];
  /** Rows of owners in the scope that nobody wants. */
  readonly surplus: readonly PresentRow[];
}

/**
 * Which present row is which desired one: by its owner ids; failing that by its name, since names are ours alone; failing that, when
 * a row that lost its owner ids has what is wanted, and is where it is wanted. So a row whose ids were damaged is mended, and a row
 * that somebody else made is left alone.
 */
export function matchRows(desired: readonly DesiredRow[], rows: PresentRows, scope: Scope): Matches {
  const present = new Map<RowKey, PresentRow>();
  const used = new Set<string>();
  const use = (want: DesiredRow, row: PresentRow | undefined): boolean => {
    if (!row || used.has(row.uuid)) return false;
    used.add(row.uuid);
    present.set(want.key, row);
    return true;
  };
  const byKey = desired.filter((want) => !use(want, [...rows.byKey(want.key)].sort(byUuid)[0]));
  const byName = byKey.filter((want) => !use(want, isNamed(want.table) ? rows.byName(want.table, String(want.columns.name)).sort(byUuid)[0] : undefined));
  const find: FindRow = (key) => present.get(key)?.uuid ?? rows.byKey(key)[0]?.uuid;
  const missing = byName.filter((want) => !use(want, lostRow(want, rows, find, used)));
  const owners = scope === 'everything' ? rows.owners() : scope;
  const surplus = owners.flatMap((owner) => rows.ofOwner(owner)).filter(({ uuid }) => !used.has(uuid));
  return { present, missing, surplus };
}

function lostRow(want: DesiredRow, rows: PresentRows, find: FindRow, used: ReadonlySet<string>): PresentRow | undefined {
  if (isNamed(want.table)) return undefined;
  return rows.ofNobody(want.table).find((row) => {
    if (used.has(row.uuid) || ownerOfRow(row) !== undefined) return false;
    const links = rows.linksTo(row.uuid);
    const inPlace = want.links.length === 0 || want.links.some(({ parent }) => links.some((link) => sameValue(link.parent, find(parent) ?? null)));
    return inPlace && changedColumns(want, row, find).length === 0;
  });
}

const byUuid = (left: PresentRow, right: PresentRow): number => (left.uuid < right.uuid ? -1 : 1);
