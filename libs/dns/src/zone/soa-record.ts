import { uintOctets } from '../records/field';
import type { Rdata, StartOfAuthority } from './zone-record';

export const soaRdata = (soa: StartOfAuthority): Rdata =>
  (soa.mname +
    soa.rname +
    [soa.serial, soa.refreshSeconds, soa.retrySeconds, soa.expireSeconds, soa.minimumSeconds].map((value) => uintOctets(value, 4)).join('')) as Rdata;

/** How long a client may remember that something does not exist (RFC 2308 section 5). */
export const negativeTtlSeconds = (soa: StartOfAuthority): number => Math.min(soa.ttlSeconds, soa.minimumSeconds);
