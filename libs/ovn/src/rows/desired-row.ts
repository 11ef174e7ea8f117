import type { OvnNorthbound, Uuid } from '@weft/ovsdb';
import type { Owner } from '../model';
import type { LinkColumn, OwnedTable } from './owned-tables';

/** Identity of a row that does not depend on OVN: table, owner, what it is, and which one of them. */
export type RowKey = string & { readonly __ovn: 'row-key' };

export const rowKey = (table: OwnedTable, owner: string, kind: string, id = ''): RowKey => [table, owner, kind, id].join(' ') as RowKey;

/** Stands for the uuid of a desired row. */
export interface RowReference {
  readonly row: RowKey;
}

/** A row that must be an element of a set of another one. */
export interface Link {
  readonly table: OwnedTable;
  readonly parent: RowKey;
  readonly column: LinkColumn;
}

type WantedValue<V> = V extends Uuid ? RowReference : V;
type Columns<T extends OwnedTable> = Omit<OvnNorthbound.OvnNorthboundTables[T], LinkColumn | 'external_ids'>;
/** Columns that are left out get the default of their type, in OVN too. */
export type WantedColumns<T extends OwnedTable> = { readonly [C in keyof Columns<T>]?: WantedValue<Columns<T>[C]> };

/** One row as OVN should have it. */
export interface DesiredRow {
  readonly key: RowKey;
  readonly table: OwnedTable;
  readonly owner: Owner;
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly links: readonly Link[];
  /** For people who look into OVN. */
  readonly labels: Readonly<Record<string, string>>;
  /** The row whose revision counts the changes of all rows of the owner; at most one of them is that. */
  readonly anchor: boolean;
}

interface RowOptions {
  readonly id?: string;
  readonly links?: readonly Link[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly anchor?: boolean;
}

export type MakeRow = <T extends OwnedTable>(table: T, kind: string, columns: WantedColumns<T>, options?: RowOptions) => DesiredRow;

/** Makes rows of one owner. */
export function rowMaker(owner: Owner, version: number): MakeRow {
  return (table, kind, columns, { id = '', links = [], labels = {}, anchor = false } = {}) => {
    return { key: rowKey(table, owner, kind, id), table, owner, kind, id, version, columns, links, labels, anchor };
  };
}

/** `external_ids` of a row, except for the counters. */
export function ownerIds({ owner, kind, id, labels }: DesiredRow): Record<string, string> {
  return { 'weft:owner': owner, 'weft:kind': kind, 'weft:id': id, ...labels };
}
