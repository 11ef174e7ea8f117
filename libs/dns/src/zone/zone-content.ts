/**
 * The content of a zone at one serial. Immutable; a change gives a new content that shares what did not change.
 *
 *   apex (SOA apart) ── owner ── record set (type, TTL, data...)
 *                    └─ owner that has no records itself but names below it: an empty non-terminal
 */
import { isWithin, type Name, type NameKey, nameKey, parentOf } from '../names/name';
import { OwnerTable, type OwnerTableDraft, type ZoneNode, type ZonePart } from './owner-table';
import { differenceOfSets, recordsOfSet, setsOf } from './record-sets';
import type { RecordSet, StartOfAuthority, ZoneDifference, ZoneRecord } from './zone-record';

export type { ZonePart };

const NS = 2;
const SOA = 6;
const DNAME = 39;

/** What an owner shall have from now on; nothing when `records` is empty. */
export interface OwnerRecords {
  readonly owner: Name;
  readonly records: readonly ZoneRecord[];
}

interface Counts {
  records: number;
  cuts: number;
}

export class ZoneContent {
  readonly apexKey: NameKey;

  private constructor(
    readonly apex: Name,
    readonly soa: StartOfAuthority,
    private readonly table: OwnerTable,
    /** Without the SOA. */
    readonly recordCount: number,
    /** Owners below the apex that hand names below them elsewhere (NS, DNAME). None: no answer has to look for one. */
    readonly cutCount: number,
  ) {
    this.apexKey = nameKey(apex);
  }

  /**
   * @param records without the SOA; duplicates are dropped, and the lowest TTL of a set holds for all of it.
   * @throws Error for a record outside of the zone: the owner checks before (`parseRecord`, `zoneConflict`).
   */
  static build(zone: { apex: Name; soa: StartOfAuthority; records: Iterable<ZoneRecord> }): ZoneContent {
    const byOwner = new Map<NameKey, ZoneRecord[]>();
    for (const record of zone.records) {
      const key = nameKey(record.owner);
      const present = byOwner.get(key);
      if (present) present.push(record);
      else byOwner.set(key, [record]);
    }
    const empty = new ZoneContent(zone.apex, zone.soa, OwnerTable.empty, 0, 0);
    return empty.replaceOwners(
      zone.soa,
      [...byOwner.values()].map((records) => ({ owner: records[0]!.owner, records })),
    ).content;
  }

  node(key: NameKey): ZoneNode | undefined {
    return this.table.get(key);
  }

  /** All owners, in parts: a change makes the parts that it touches anew, the others stay the same objects. */
  get parts(): readonly ZonePart[] {
    return this.table.shards;
  }

  /** Every record, the apex' own included, without the SOA. In no particular order. */
  *records(): Generator<ZoneRecord> {
    for (const shard of this.table.shards) {
      for (const { sets } of shard.values()) {
        for (const { owner, type, ttlSeconds, rdatas } of sets) for (const rdata of rdatas) yield { owner, type, ttlSeconds, rdata };
      }
    }
  }

  /**
   * The content with other records at some owners, and the difference that leads there. A difference without removed and
   * added records means that nothing but the SOA changed.
   */
  replaceOwners(soa: StartOfAuthority, owners: Iterable<OwnerRecords>): { content: ZoneContent; difference: ZoneDifference } {
    const removed: ZoneRecord[] = [];
    const added: ZoneRecord[] = [];
    const counts: Counts = { records: this.recordCount, cuts: this.cutCount };
    // The last word about an owner counts: a difference must not remove what it has not yet added.
    const last = new Map([...owners].map((entry) => [this.checkedKey(entry.owner, entry.records), entry]));
    const table = this.table.change((draft) => {
      for (const [key, { owner, records }] of last) {
        const before = draft.get(key)?.sets ?? [];
        const after = setsOf(records);
        const difference = differenceOfSets(before, after);
        if (difference.removed.length + difference.added.length === 0) continue;
        removed.push(...difference.removed);
        added.push(...difference.added);
        counts.records += difference.added.length - difference.removed.length;
        if (key !== this.apexKey) counts.cuts += cutsIn(after) - cutsIn(before);
        setNode(draft, this.apexKey, key, owner, after);
      }
    });
    const content = new ZoneContent(this.apex, soa, table, counts.records, counts.cuts);
    return { content, difference: { from: this.soa, to: soa, removed, added } };
  }

  /**
   * @throws Error when the difference does not begin at this content's serial, or removes what is not there: the owner's
   * history is broken, and serving it would break secondaries.
   */
  apply(difference: ZoneDifference): ZoneContent {
    if (difference.from.serial !== this.soa.serial) {
      throw new Error(`a difference from serial ${difference.from.serial} does not apply to serial ${this.soa.serial}`);
    }
    const owners = new Map<NameKey, OwnerRecords & { records: ZoneRecord[] }>();
    const recordsAt = (owner: Name): ZoneRecord[] => {
      const key = nameKey(owner);
      let present = owners.get(key);
      if (!present) owners.set(key, (present = { owner, records: (this.node(key)?.sets ?? []).flatMap((set) => [...recordsOfSet(set)]) }));
      return present.records;
    };
    for (const record of difference.removed) {
      const records = recordsAt(record.owner);
      const at = records.findIndex((present) => present.type === record.type && present.rdata === record.rdata && present.ttlSeconds === record.ttlSeconds);
      if (at < 0) throw new Error(`a difference to serial ${difference.to.serial} removes a record that is not there`);
      records.splice(at, 1);
    }
    for (const record of difference.added) recordsAt(record.owner).push(record);
    return this.replaceOwners(difference.to, owners.values()).content;
  }

  private checkedKey(owner: Name, records: readonly ZoneRecord[]): NameKey {
    const key = nameKey(owner);
    if (!isWithin(key, this.apexKey)) throw new Error('a record lies outside of its zone');
    if (records.some((record) => record.type === SOA)) throw new Error('the SOA is no record of the content');
    return key;
  }
}

const cutsIn = (sets: readonly RecordSet[]): number => sets.filter((set) => set.type === NS || set.type === DNAME).length;

/** Writes a node and keeps the count of names below its ancestors, which come and go as empty non-terminals. */
const setNode = (draft: OwnerTableDraft, apex: NameKey, key: NameKey, owner: Name, sets: readonly RecordSet[]): void => {
  const present = draft.get(key);
  const had = (present?.sets.length ?? 0) > 0;
  const has = sets.length > 0;
  const descendants = present?.descendants ?? 0;
  if (has || descendants > 0) draft.set(key, { owner: sets[0]?.owner ?? owner, sets, descendants });
  else draft.delete(key);
  if (had === has) return;
  let ancestorOwner = owner;
  for (let ancestor = key; ancestor !== apex;) {
    ancestor = parentOf(ancestor);
    ancestorOwner = parentOf(ancestorOwner);
    const node = draft.get(ancestor) ?? { owner: ancestorOwner, sets: [], descendants: 0 };
    const below = node.descendants + (has ? 1 : -1);
    if (below > 0 || node.sets.length > 0) draft.set(ancestor, { ...node, descendants: below });
    else draft.delete(ancestor);
  }
};
