import { operationsOn, OvnNorthbound, type OvsdbClient, type Uuid } from '@weft/ovsdb';
import { type DesiredState, type Owner } from '../model';
import { desiredRows } from '../rows/desired-rows';
import { OWNED_TABLES } from '../rows/owned-tables';

const nb = operationsOn(OvnNorthbound.OVN_NORTHBOUND);
type Client = OvsdbClient<OvnNorthbound.OvnNorthboundTables>;
type Row = { readonly _uuid: Uuid; readonly external_ids: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>>;

/** All rows of the owned tables, by what they are instead of by uuid; without the counters, and without what others put into sets. */
export async function dumpNorthbound(client: Client): Promise<string[]> {
  const tables = await readTables(client);
  const names = new Map(tables.flatMap(([table, rows]) => rows.map((row) => [row._uuid, nameOf(table, row)] as const)));
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value
        .map(plain)
        .filter((one) => !isForeign(one))
        .sort();
    return typeof value === 'string' ? (names.get(value as Uuid) ?? value) : value;
  };
  return tables
    .flatMap(([table, rows]) =>
      rows.map((row) => ({ table, ...Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plainIds(column, plain(value))])) })),
    )
    .map((row) => JSON.stringify(row))
    .sort();
}

async function readTables(client: Client): Promise<[string, readonly Row[]][]> {
  const results = await client.transact(OWNED_TABLES.map((table) => nb.select(table, [])));
  return OWNED_TABLES.map((table, index) => [table, results[index]!.rows as unknown as readonly Row[]]);
}

const FOREIGN = 'foreign ';
const isForeign = (value: unknown): boolean => typeof value === 'string' && value.startsWith(FOREIGN);

function nameOf(table: string, { _uuid, external_ids: ids }: Row): string {
  return 'weft:owner' in ids ? [table, ids['weft:owner'], ids['weft:kind'], ids['weft:id']].join(' ') : `${FOREIGN}${_uuid}`;
}

function plainIds(column: string, value: unknown): unknown {
  if (column !== 'external_ids') return value;
  const { 'weft:version': _version, 'weft:revision': _revision, ...rest } = value as Record<string, string>;
  return Object.fromEntries(Object.entries(rest).sort());
}

/** The owners whose rows differ between two states: what a service that makes the one of the other has to name. */
export function changedOwners(before: DesiredState, after: DesiredState): Owner[] {
  const [old, now] = [before, after].map((state) => {
    const byOwner = new Map<Owner, string>();
    for (const row of desiredRows(state, 'everything')) byOwner.set(row.owner, (byOwner.get(row.owner) ?? '') + JSON.stringify(row));
    return byOwner;
  }) as [Map<Owner, string>, Map<Owner, string>];
  return [...new Set([...old.keys(), ...now.keys()])].filter((owner) => old.get(owner) !== now.get(owner));
}
