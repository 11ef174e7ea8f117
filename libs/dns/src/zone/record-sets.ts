import type { Rdata, RecordSet, ZoneRecord } from './zone-record';

/** Records of one owner as sets: duplicates dropped, the lowest TTL of a set for all of it (RFC 2181 section 5.2). */
export const setsOf = (records: readonly ZoneRecord[]): readonly RecordSet[] => {
  const byType = new Map<number, { ttlSeconds: number; owner: RecordSet['owner']; rdatas: Set<Rdata> }>();
  for (const record of records) {
    const set = byType.get(record.type);
    if (!set) {
      byType.set(record.type, { ttlSeconds: record.ttlSeconds, owner: record.owner, rdatas: new Set([record.rdata]) });
      continue;
    }
    set.rdatas.add(record.rdata);
    set.ttlSeconds = Math.min(set.ttlSeconds, record.ttlSeconds);
  }
  return [...byType].map(([type, set]) => ({ owner: set.owner, type, ttlSeconds: set.ttlSeconds, rdatas: [...set.rdatas] }));
};

export function* recordsOfSet(set: RecordSet): Generator<ZoneRecord> {
  for (const rdata of set.rdatas) yield { owner: set.owner, type: set.type, ttlSeconds: set.ttlSeconds, rdata };
}

/** Records of `sets` that `others` do not have with the same type, TTL and data. */
function* missingFrom(others: readonly RecordSet[], sets: readonly RecordSet[]): Generator<ZoneRecord> {
  for (const set of sets) {
    const other = others.find((candidate) => candidate.type === set.type && candidate.ttlSeconds === set.ttlSeconds);
    const present = new Set(other?.rdatas);
    for (const record of recordsOfSet(set)) if (!present.has(record.rdata)) yield record;
  }
}

/** What turns one owner's `before` into `after`. A changed TTL removes and adds every record of the set, as in IXFR. */
export const differenceOfSets = (before: readonly RecordSet[], after: readonly RecordSet[]): { removed: ZoneRecord[]; added: ZoneRecord[] } => ({
  removed: [...missingFrom(after, before)],
  added: [...missingFrom(before, after)],
});
