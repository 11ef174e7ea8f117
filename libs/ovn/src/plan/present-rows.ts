import type { Uuid, Value } from '@weft/ovsdb';
import { type RowKey, rowKey } from '../rows/desired-row';
import { isForeignColumn, isNamed, linkColumns, type LinkColumn, OWNED_TABLES, type OwnedTable } from '../rows/owned-tables';

/** A row as OVN has it. */
export interface PresentRow {
  readonly table: OwnedTable;
  readonly uuid: Uuid;
  readonly columns: Readonly<Record<string, Value>>;
}

/** That a set of some row has a row in it. */
export interface PresentLink {
  readonly table: OwnedTable;
  readonly parent: Uuid;
  readonly column: LinkColumn;
}

/** Stands for the owner of rows that have none, so that those of one table are found without a look at all. No owner begins so. */
const NOBODY = 'nobody ';

/**
 * What OVN has, indexed so that a change of one thing costs the same however many others there are: by owner, by key, by name, and
 * backwards along the links.
 */
export class PresentRows {
  private readonly rows = new Map<Uuid, PresentRow>();
  private readonly owned = new Map<string, Set<Uuid>>();
  private readonly keys = new Map<RowKey, Set<Uuid>>();
  private readonly names = new Map<string, Set<Uuid>>();
  private readonly links = new Map<Uuid, Map<string, PresentLink>>();

  /** Puts, replaces or removes a row. @returns the owners whose rows or links that concerns */
  take(table: OwnedTable, uuid: Uuid, columns: Readonly<Record<string, Value>> | undefined): Set<string> {
    const before = this.rows.get(uuid);
    const after = columns && { table, uuid, columns };
    const touched = new Set<string>();
    const owners = differs(before, after) ? [before, after].map((row) => row && ownerOfRow(row)) : [];
    for (const owner of owners) if (owner !== undefined) touched.add(owner);
    if (before) this.forget(before);
    if (after) this.remember(after);
    for (const child of this.relink(table, uuid, before, after)) {
      const owner = this.ownerOf(child);
      if (owner !== undefined) touched.add(owner);
    }
    return touched;
  }

  get(uuid: Uuid): PresentRow | undefined {
    return this.rows.get(uuid);
  }

  owners(): string[] {
    return [...this.owned.keys()].filter((owner) => !owner.startsWith(NOBODY));
  }

  ofOwner(owner: string): PresentRow[] {
    return this.found(this.owned.get(owner));
  }

  /** More than one only after somebody has meddled. */
  byKey(key: RowKey): PresentRow[] {
    return this.found(this.keys.get(key));
  }

  byName(table: OwnedTable, name: string): PresentRow[] {
    return this.found(this.names.get(`${table} ${name}`));
  }

  /** Rows without owner ids. */
  ofNobody(table: OwnedTable): PresentRow[] {
    return this.found(this.owned.get(`${NOBODY}${table}`));
  }

  linksTo(uuid: Uuid): PresentLink[] {
    return [...(this.links.get(uuid)?.values() ?? [])];
  }

  private ownerOf(uuid: Uuid): string | undefined {
    const row = this.rows.get(uuid);
    return row && ownerOfRow(row);
  }

  private found(uuids: ReadonlySet<Uuid> | undefined): PresentRow[] {
    return [...(uuids ?? [])].map((uuid) => this.rows.get(uuid)!);
  }

  private remember(row: PresentRow): void {
    this.rows.set(row.uuid, row);
    for (const [index, key] of this.placesOf(row)) addTo(index, key, row.uuid);
  }

  private forget(row: PresentRow): void {
    this.rows.delete(row.uuid);
    for (const [index, key] of this.placesOf(row)) removeFrom(index, key, row.uuid);
  }

  private placesOf(row: PresentRow): [Map<string, Set<Uuid>>, string][] {
    const key = keyOfRow(row);
    return [
      [this.owned, ownerOfRow(row) ?? `${NOBODY}${row.table}`],
      ...(key ? ([[this.keys as Map<string, Set<Uuid>>, key]] as [Map<string, Set<Uuid>>, string][]) : []),
      ...(isNamed(row.table) ? ([[this.names, `${row.table} ${String(row.columns.name)}`]] as [Map<string, Set<Uuid>>, string][]) : []),
    ];
  }

  /** @returns the rows that came into or left a set */
  private relink(table: OwnedTable, parent: Uuid, before: PresentRow | undefined, after: PresentRow | undefined): Uuid[] {
    return linkColumns(table).flatMap((column) => {
      const [old, now] = [membersOf(before, column), membersOf(after, column)];
      if (old === now) return [];
      const [gone, come] = [without(old, now), without(now, old)];
      for (const child of gone) this.links.get(child)?.delete(`${parent} ${column}`);
      for (const child of gone) if (this.links.get(child)?.size === 0) this.links.delete(child);
      for (const child of come) {
        if (!this.links.has(child)) this.links.set(child, new Map());
        this.links.get(child)!.set(`${parent} ${column}`, { table, parent, column });
      }
      return [...gone, ...come];
    });
  }
}

export const isOwnedTable = (table: string): table is OwnedTable => (OWNED_TABLES as readonly string[]).includes(table);

export const idsOf = (row: PresentRow): Readonly<Record<string, string>> => row.columns.external_ids as Readonly<Record<string, string>>;

export const ownerOfRow = (row: PresentRow): string | undefined => idsOf(row)['weft:owner'];

function keyOfRow(row: PresentRow): RowKey | undefined {
  const ids = idsOf(row);
  const owner = ids['weft:owner'];
  return owner === undefined ? undefined : rowKey(row.table, owner, ids['weft:kind'] ?? '', ids['weft:id'] ?? '');
}

/** In more than what OVN itself writes; sets of links are about the rows in them. Columns that stay are the same objects. */
function differs(before: PresentRow | undefined, after: PresentRow | undefined): boolean {
  if (!before || !after) return true;
  const { table, columns } = after;
  const notOurs = (column: string) => isForeignColumn(table, column) || (linkColumns(table) as readonly string[]).includes(column);
  return Object.entries(columns).some(([column, value]) => value !== before.columns[column] && !notOurs(column));
}

const NONE: readonly Uuid[] = [];
const membersOf = (row: PresentRow | undefined, column: LinkColumn): readonly Uuid[] => (row?.columns[column] as readonly Uuid[] | undefined) ?? NONE;

function without(list: readonly Uuid[], others: readonly Uuid[]): Uuid[] {
  if (others.length === 0) return [...list];
  const set = new Set(others);
  return list.filter((uuid) => !set.has(uuid));
}

function addTo<K>(index: Map<K, Set<Uuid>>, key: K, uuid: Uuid): void {
  const set = index.get(key);
  if (set) set.add(uuid);
  else index.set(key, new Set([uuid]));
}

function removeFrom<K>(index: Map<K, Set<Uuid>>, key: K, uuid: Uuid): void {
  const set = index.get(key);
  set?.delete(uuid);
  if (set?.size === 0) index.delete(key);
}
