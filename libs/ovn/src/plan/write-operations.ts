import { named, type NamedUuid, type Operation, operationsOn, OvnNorthbound, type Uuid } from '@weft/ovsdb';
import { type DesiredRow, ownerIds, type RowKey } from '../rows/desired-row';
import type { OwnedTable } from '../rows/owned-tables';
import { isReference } from './changed-columns';
import { type LinkChanges, type LinkToAdd, OvnMissingRow } from './links';
import type { PlanContext, RowChange } from './plan-context';

const nb = operationsOn(OvnNorthbound.OVN_NORTHBOUND);
type Reference = Uuid | NamedUuid;
type Counters = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Removals first, so that names and places are free for what comes. */
export function writeOperations(context: PlanContext, changes: readonly RowChange[], links: LinkChanges, counters: Counters): Operation[] {
  const names = new Map(context.matches.missing.map(({ key }, index) => [key, named(`row${index}`)]));
  const refer = (row: RowKey, to: RowKey): Reference => {
    const reference = context.find(to) ?? names.get(to);
    if (!reference) throw new OvnMissingRow(row, to);
    return reference;
  };
  const members = grouped(
    links.add.filter(({ parent }) => parent === undefined),
    ({ link }) => link.parent,
  );
  const writer = { refer, names, counters, members };
  return [
    ...removals(context, links),
    ...context.matches.missing.map((want) => insertion(want, writer)),
    ...changes.flatMap((change) => update(change, writer)),
    ...anchorsAlone(context, changes, counters),
    ...additions(links, writer),
  ];
}

interface Writer {
  refer(row: RowKey, to: RowKey): Reference;
  readonly names: ReadonlyMap<RowKey, NamedUuid>;
  readonly counters: Counters;
  /** Links into rows that are inserted, by the parent's key. */
  readonly members: ReadonlyMap<RowKey, readonly LinkToAdd[]>;
}

function removals({ matches }: PlanContext, { remove }: LinkChanges): Operation[] {
  const bySet = grouped(remove, ({ link }) => `${link.parent} ${link.column}`);
  const unlink = [...bySet.values()].map((group) => {
    const { table, parent, column } = group[0]!.link;
    const children = group.map(({ child }) => child.uuid);
    return mutateSet(table, parent, column, 'delete', children);
  });
  return [...unlink, ...matches.surplus.map(({ table, uuid }) => nb.delete(table, [['_uuid', '==', uuid]]))];
}

function insertion(want: DesiredRow, { refer, names, counters, members }: Writer): Operation {
  const bySet = grouped(members.get(want.key) ?? [], ({ link }) => link.column);
  const sets = Object.fromEntries([...bySet].map(([column, group]) => [column, group.map((one) => refer(want.key, one.want.key))]));
  const external_ids = { ...ownerIds(want), 'weft:version': String(want.version), ...counters.get(want.key) };
  const row = { ...written(want, Object.entries(want.columns), refer), ...sets, external_ids };
  return nb.insert(want.table as 'Logical_Router', row, { name: names.get(want.key)!.named });
}

function written(want: DesiredRow, columns: readonly (readonly [string, unknown])[], refer: Writer['refer']): Record<string, unknown> {
  return Object.fromEntries(columns.map(([column, value]) => [column, isReference(value) ? refer(want.key, value.row) : value]));
}

function update({ want, row, columns, ids }: RowChange, { refer, counters }: Writer): Operation[] {
  const values = written(
    want,
    columns.map(({ column, wanted }) => [column, wanted] as const),
    refer,
  );
  const labels = { ...ids, 'weft:version': String(want.version), ...counters.get(want.key) };
  return [
    ...(columns.length > 0 ? [nb.update(want.table as 'Logical_Router', [['_uuid', '==', row.uuid]], values)] : []),
    setIds(want.table, row.uuid, labels),
  ];
}

/** Anchors whose own columns are right count the changes of the others. */
function anchorsAlone({ desired, matches }: PlanContext, changes: readonly RowChange[], counters: Counters): Operation[] {
  const written = new Set(changes.map(({ want }) => want.key));
  return desired.flatMap((want) => {
    const [row, ids] = [matches.present.get(want.key), counters.get(want.key)];
    return row && ids && !written.has(want.key) ? [setIds(want.table, row.uuid, ids)] : [];
  });
}

function setIds(table: OwnedTable, uuid: Uuid, ids: Readonly<Record<string, string>>): Operation {
  const mutations = [
    ['external_ids', 'delete', Object.keys(ids)],
    ['external_ids', 'insert', ids],
  ] as const;
  return nb.mutate(table as 'Logical_Router', [['_uuid', '==', uuid]], mutations);
}

function additions({ add }: LinkChanges, { refer }: Writer): Operation[] {
  const bySet = grouped(
    add.filter(({ parent }) => parent !== undefined),
    ({ link, parent }) => `${parent} ${link.column}`,
  );
  return [...bySet.values()].map((group) => {
    const { link, parent } = group[0]!;
    const children = group.map(({ want }) => refer(link.parent, want.key));
    return mutateSet(link.table, parent!, link.column, 'insert', children);
  });
}

function mutateSet(table: OwnedTable, uuid: Uuid, column: string, mutator: 'insert' | 'delete', children: readonly Reference[]): Operation {
  return nb.mutate(table as 'Logical_Router', [['_uuid', '==', uuid]], [[column as 'ports', mutator, children]]);
}

function grouped<T, K extends string>(list: readonly T[], key: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}
