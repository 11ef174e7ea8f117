/**
 * What the server asks of whoever owns the zones. Everything is answered from memory and at once: queries cost no IO.
 *
 *   events -> (owner folds) -> ZoneContent --put()--> ZoneSource <--asks-- server: queries, AXFR, IXFR
 *
 * The owner replaces a `ServedZone` as a whole; what the server holds of an older one stays as it is, so that a transfer
 * that has begun ends with the content that it began with.
 */
import type { Name, NameKey } from './names/name';
import type { ZoneContent } from './zone/zone-content';
import type { ZoneDifference } from './zone/zone-record';

/** RFC 8945 section 6; hmac-md5 is left out on purpose. */
export type TsigAlgorithm = 'hmac-sha1' | 'hmac-sha224' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';

export interface TsigKey {
  /** LXD's clients expect `<zone>_<peer>.` */
  readonly name: Name;
  /** Octets, already decoded from base64. Never reported. */
  readonly secret: Uint8Array;
  /** What a peer may sign with; every supported algorithm when missing (LXD takes what the peer chose). */
  readonly algorithms?: readonly TsigAlgorithm[];
}

/** Who may transfer a zone. Both conditions must hold when both are given; a peer with neither admits everyone, as in LXD. */
export interface ZonePeer {
  /** As the user named it; used in explanations only. */
  readonly name: string;
  /** An IPv4 or IPv6 address, compared by value. */
  readonly address?: string;
  readonly key?: TsigKey;
}

/** A secondary that is told about changes. */
export interface NotifyTarget {
  /** As the user named it; used in reports only. */
  readonly name: string;
  readonly address: string;
  /** 53 when missing. */
  readonly port?: number;
  /** NOTIFY is signed with it. */
  readonly key?: TsigKey;
  /** Of `key`; hmac-sha256 when missing. */
  readonly algorithm?: TsigAlgorithm;
}

export interface ServedZone {
  /** Immutable, at one serial. */
  readonly content: ZoneContent;
  /**
   * The steps from the content with serial `from` to `content`, oldest first: `steps[0].from.serial === from`, each step
   * begins where the last one ended, the last one ends at `content`'s serial. Undefined when the past does not reach
   * back that far, or `from` never was: the peer then gets the whole zone.
   */
  differencesSince(from: number): readonly ZoneDifference[] | undefined;
  readonly peers: readonly ZonePeer[];
  readonly notify: readonly NotifyTarget[];
  /** Who may ask for single records: `anyone`, or `peers` as LXD has it. Transfers are for peers always. */
  readonly queries: 'anyone' | 'peers';
}

export interface ZoneSource {
  /** The zone with exactly this apex, in lower case. The server looks for the closest one itself. */
  zone(apex: NameKey): ServedZone | undefined;
  /** A key by its name, in lower case: of any zone's peers. */
  key(name: NameKey): TsigKey | undefined;
}
