/** A zone in master file format (RFC 1035 section 5). Pure. */
import type { ZoneResourceRecord } from '@weft/contracts';

export interface ZoneHead {
  zone: string;
  serial: number;
  /** RFC 3339. */
  at: string;
  primary: string;
  contact: string;
}

/** The numbers of the SOA record are LXD's; `apps/dns-svc/src/domain/owner-content.ts` serves the same. */
const SOA_NUMBERS = '120 60 86400 30';
const SOA_TTL = 3_600;

/** Every name is absolute: the file means the same wherever it is included. */
export function zoneFile({ zone, serial, at, primary, contact }: ZoneHead, records: readonly ZoneResourceRecord[]): string {
  const lines = records.map(({ name, ttl, type, value }) => `${name}\t${ttl}\tIN\t${type}\t${value}`);
  return [`; ${zone} at serial ${serial}, ${at}`, `${zone}.\t${SOA_TTL}\tIN\tSOA\t${primary} ${contact} ${serial} ${SOA_NUMBERS}`, ...lines, ''].join('\n');
}
