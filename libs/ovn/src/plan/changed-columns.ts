import { defaultValue, OvnNorthbound, sameValue, type Uuid, type Value } from '@weft/ovsdb';
import { type DesiredRow, ownerIds, type RowKey, type RowReference } from '../rows/desired-row';
import { isForeignColumn, linkColumns, type OwnedTable } from '../rows/owned-tables';
import { idsOf, type PresentRow } from './present-rows';

/** The uuid of a row that OVN has; undefined when the row is still to be made, or nobody makes it. */
export type FindRow = (key: RowKey) => Uuid | undefined;

export interface ColumnDifference {
  readonly column: string;
  readonly wanted: unknown;
  readonly present: Value;
}

/** Columns that Weft writes, with what they hold unless something else is wanted. */
const DEFAULTS = new Map<string, readonly (readonly [column: string, value: Value])[]>();

function defaultsOf(table: OwnedTable): readonly (readonly [column: string, value: Value])[] {
  const known = DEFAULTS.get(table);
  if (known) return known;
  const notOurs = (column: string) => column === 'external_ids' || isForeignColumn(table, column) || (linkColumns(table) as readonly string[]).includes(column);
  const columns = Object.entries(OvnNorthbound.OVN_NORTHBOUND.tables[table]!.columns).filter(([column]) => !notOurs(column));
  const made = columns.map(([column, { type }]) => [column, defaultValue(type)] as const);
  DEFAULTS.set(table, made);
  return made;
}

export const isReference = (value: unknown): value is RowReference =>
  typeof value === 'object' && value !== null && 'row' in value && typeof value.row === 'string';

/** What differs, owner ids aside. A column that is to refer to a row which is still to be made always differs. */
export function changedColumns(want: DesiredRow, row: PresentRow, find: FindRow): ColumnDifference[] {
  return defaultsOf(want.table).flatMap(([column, fallback]) => {
    const wanted = want.columns[column] ?? fallback;
    const present = row.columns[column]!;
    const value = isReference(wanted) ? find(wanted.row) : (wanted as Value);
    return value !== undefined && sameValue(value, present) ? [] : [{ column, wanted, present }];
  });
}

/** Owner ids of a row that are not as they should be; what others keep there is theirs. */
export function changedIds(want: DesiredRow, row: PresentRow): Record<string, string> {
  const present = idsOf(row);
  return Object.fromEntries(Object.entries(ownerIds(want)).filter(([key, value]) => present[key] !== value));
}
