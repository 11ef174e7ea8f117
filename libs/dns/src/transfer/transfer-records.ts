/**
 * The records of a transfer in their order.
 *
 *   AXFR (RFC 5936)   SOA | everything | SOA
 *   IXFR (RFC 1995)   new SOA | old SOA | removed | new SOA | added | new SOA       one step, condensed from all
 */
import { nameKey } from '../names/name';
import { TYPE } from '../records/record-type';
import { soaRdata } from '../zone/soa-record';
import type { ZoneContent } from '../zone/zone-content';
import type { StartOfAuthority, ZoneDifference, ZoneRecord } from '../zone/zone-record';

const soaRecord = (content: ZoneContent, soa: StartOfAuthority): ZoneRecord => ({
  owner: content.apex,
  type: TYPE.SOA,
  ttlSeconds: soa.ttlSeconds,
  rdata: soaRdata(soa),
});

export function* axfrRecords(content: ZoneContent): Generator<ZoneRecord> {
  const soa = soaRecord(content, content.soa);
  yield soa;
  yield* content.records();
  yield soa;
}

/** One difference for all steps: what came and went again, or went and came again, is left out. */
export const condense = (steps: readonly ZoneDifference[]): ZoneDifference => {
  const first = steps[0];
  const last = steps[steps.length - 1];
  if (!first || !last) throw new Error('there are no differences to condense');
  if (steps.length === 1) return first;
  const removed = new Map<string, ZoneRecord>();
  const added = new Map<string, ZoneRecord>();
  const move = (record: ZoneRecord, cancels: Map<string, ZoneRecord>, into: Map<string, ZoneRecord>): void => {
    const identity = `${nameKey(record.owner)}${record.type} ${record.ttlSeconds} ${record.rdata}`;
    if (!cancels.delete(identity)) into.set(identity, record);
  };
  for (const step of steps) {
    for (const record of step.removed) move(record, added, removed);
    for (const record of step.added) move(record, removed, added);
  }
  return { from: first.from, to: last.to, removed: [...removed.values()], added: [...added.values()] };
};

export function* ixfrRecords(content: ZoneContent, difference: ZoneDifference): Generator<ZoneRecord> {
  const after = soaRecord(content, difference.to);
  yield after;
  yield soaRecord(content, difference.from);
  yield* difference.removed;
  yield after;
  yield* difference.added;
  yield after;
}

export function* upToDateRecords(content: ZoneContent): Generator<ZoneRecord> {
  yield soaRecord(content, content.soa);
}
