import type { Uuid } from '@weft/ovsdb';
import type { DesiredRow, Link, RowKey } from '../rows/desired-row';
import type { PlanContext } from './plan-context';
import { ownerOfRow, type PresentLink, type PresentRow } from './present-rows';

export interface LinkToAdd {
  readonly want: DesiredRow;
  readonly link: Link;
  /** Undefined: the parent is inserted by the same transaction, with the row in its set. */
  readonly parent: Uuid | undefined;
}
export interface LinkToRemove {
  readonly child: PresentRow;
  readonly link: PresentLink;
}
export interface LinkChanges {
  readonly add: readonly LinkToAdd[];
  readonly remove: readonly LinkToRemove[];
}

/** A row hangs on one that OVN does not have and the plan does not make: its owner has to be part of the scope. */
export class OvnMissingRow extends Error {
  constructor(
    readonly row: RowKey,
    readonly missing: RowKey,
  ) {
    super(`${row} needs ${missing}, which OVN does not have`);
    this.name = 'OvnMissingRow';
  }
}

/** @throws OvnMissingRow */
export function linkChanges(context: PlanContext): LinkChanges {
  const { desired, rows, matches } = context;
  const made = new Set(matches.missing.map(({ key }) => key));
  const doomed = new Set(matches.surplus.map(({ uuid }) => uuid));
  const add: LinkToAdd[] = [];
  const remove: LinkToRemove[] = [];
  for (const want of desired) {
    const child = matches.present.get(want.key);
    const present = child ? rows.linksTo(child.uuid) : [];
    const kept = new Set<PresentLink>();
    for (const link of want.links) {
      const parent = parentOf(context, want, link, made);
      const there = present.find((one) => one.parent === parent && one.column === link.column);
      if (there) kept.add(there);
      else add.push({ want, link, parent });
    }
    // What others have put our rows into is theirs; the sets of our own rows hold what we want.
    const ours = present.filter(({ parent }) => !doomed.has(parent) && ownerOfRow(rows.get(parent)!) !== undefined);
    remove.push(...ours.filter((link) => !kept.has(link)).map((link) => ({ child: child!, link })));
  }
  for (const child of matches.surplus) {
    const staying = rows.linksTo(child.uuid).filter(({ parent }) => !doomed.has(parent));
    remove.push(...staying.map((link) => ({ child, link })));
  }
  return { add, remove };
}

function parentOf({ find }: PlanContext, want: DesiredRow, { parent }: Link, made: ReadonlySet<RowKey>): Uuid | undefined {
  const uuid = find(parent);
  if (uuid === undefined && !made.has(parent)) throw new OvnMissingRow(want.key, parent);
  return uuid;
}
