import { type Name, renderName } from '../names/name';
import { recordTypeName, TYPE } from '../records/record-type';
import type { Rdata, ZoneRecord } from './zone-record';

export type OwnerConflictProblem = 'cname-beside-others' | 'several-targets' | 'wildcard-delegation' | 'duplicate' | 'cname-at-apex';

export interface OwnerConflict {
  readonly problem: OwnerConflictProblem;
  /** A sentence that says what to do. */
  readonly message: string;
}

const SINGLE: readonly number[] = [TYPE.CNAME, TYPE.DNAME];
const isWildcard = (owner: Name): boolean => owner.startsWith('\x01*');

/**
 * Why one owner cannot have these records: secondaries refuse a zone that breaks these rules (RFC 1034 section 3.6.2,
 * RFC 2181 section 10.1, RFC 4592 section 4.2, RFC 6672 section 2.4).
 * @param records all that the owner shall have, in the order in which they came; the SOA apart
 */
export const ownerConflict = (owner: Name, records: readonly Pick<ZoneRecord, 'type' | 'rdata'>[], isApex: boolean): OwnerConflict | undefined => {
  const shown = renderName(owner);
  const seen = new Map<number, Set<Rdata>>();
  for (const { type, rdata } of records) {
    const present = seen.get(type) ?? new Set();
    if (present.has(rdata)) return { problem: 'duplicate', message: `${shown} has the same ${recordTypeName(type)} record twice` };
    seen.set(type, present.add(rdata));
  }
  if (seen.has(TYPE.CNAME) && isApex) {
    return { problem: 'cname-at-apex', message: `${shown} is the name of the zone and has SOA and NS records: it cannot be an alias (CNAME)` };
  }
  if (seen.has(TYPE.CNAME) && seen.size > 1) {
    return { problem: 'cname-beside-others', message: `${shown} is an alias (CNAME): it cannot have other records` };
  }
  for (const type of SINGLE) {
    if ((seen.get(type)?.size ?? 0) > 1) return { problem: 'several-targets', message: `${shown} has several ${recordTypeName(type)} records: one is allowed` };
  }
  if (isWildcard(owner) && (seen.has(TYPE.NS) || seen.has(TYPE.DNAME))) {
    return { problem: 'wildcard-delegation', message: `${shown} is a wildcard: it cannot have NS or DNAME records` };
  }
  return undefined;
};
