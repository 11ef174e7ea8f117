import type { Name } from '../names/name';

/** Record data in wire form without compression, one character (0 to 255) per octet; at most 65,535. */
export type Rdata = string & { readonly form: 'Rdata' };

/** One record of class IN. */
export interface ZoneRecord {
  readonly owner: Name;
  /** RFC 1035 and later: 1 is A, 28 is AAAA... See `recordType`. */
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: Rdata;
}

/** All records with one owner and one type; they share a TTL (RFC 2181 section 5.2). */
export interface RecordSet {
  readonly owner: Name;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Distinct. */
  readonly rdatas: readonly Rdata[];
}

/** The start of authority, in parts (RFC 1035 section 3.3.13). */
export interface StartOfAuthority {
  /** The primary name server. */
  readonly mname: Name;
  /** The mailbox of the person in charge, its @ as a dot. */
  readonly rname: Name;
  /** 32 bits, compared by RFC 1982. */
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  /** How long an absence may be remembered (RFC 2308 section 4). */
  readonly minimumSeconds: number;
  readonly ttlSeconds: number;
}

/** One step of a zone's history: applied to the content at `from.serial` it gives the content at `to.serial`. */
export interface ZoneDifference {
  readonly from: StartOfAuthority;
  readonly to: StartOfAuthority;
  /** Without the SOA. */
  readonly removed: readonly ZoneRecord[];
  /** Without the SOA. */
  readonly added: readonly ZoneRecord[];
}
