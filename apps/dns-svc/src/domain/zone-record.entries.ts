/**
 * Entries of a custom record. What passes here can be served and transferred to every secondary: that is checked when an
 * entry is written, never when somebody asks for the zone.
 */
import { WeftError, type ZoneEntry, type ZoneResourceRecord } from '@weft/contracts';
import { checkTtl, DnsInputError, isWithin, nameKey, parseName, parseRecord, renderName, type Name } from '@weft/dns';
import { parseZoneName } from './zone-name';

export const DEFAULT_TTL_SECONDS = 300;
/** Octets of data at one name: with room to spare, its records fit into one message (65,535). */
const MAX_OWNER_OCTETS = 48_000;
/** Knot refuses zones with names below one, and instances come and go there without asking. */
const REFUSED_TYPES: Readonly<Record<string, string>> = {
  DNAME: 'DNAME redirects all names below it, and instances may get names there; write CNAME records instead',
};

/**
 * The absolute name of a record of a zone. "@" and "" are the zone itself.
 * @throws WeftError `network-zone-record.invalid`
 */
export function recordOwner(zone: string, record: string): Name {
  const apex = parseZoneName(zone);
  try {
    if (record === '') return apex;
    const owner = parseName(record, apex);
    if (isWithin(nameKey(owner), nameKey(apex))) return owner;
    throw invalid(`Invalid record name "${record}": it ends with a dot and is not in the zone "${zone}"; leave out the dot for a name of the zone`);
  } catch (error) {
    if (error instanceof DnsInputError) throw invalid(`Invalid record name "${record}": ${error.message}`, error);
    throw error;
  }
}

/**
 * As resource records in their canonical form. TTLs may differ within a type: the lowest is served (RFC 2181, 5.2).
 * @throws WeftError `network-zone-record.invalid`
 */
export function parseEntries(owner: Name, entries: readonly ZoneEntry[]): ZoneResourceRecord[] {
  const name = renderName(owner);
  const seen = new Set<string>();
  let octets = 0;
  return entries.map(({ type, ttl, value }) => {
    const parsed = parseEntry(type, ttl, value);
    const key = `${parsed.type} ${parsed.value}`;
    if (seen.has(key)) throw invalid(`Duplicate record for type "${type}" and value "${value}"`);
    seen.add(key);
    octets += parsed.octets;
    if (octets > MAX_OWNER_OCTETS) throw invalid(`The entries of "${name}" have more than ${MAX_OWNER_OCTETS} octets of data: an answer could not hold them`);
    return { name, ttl: ttl ?? DEFAULT_TTL_SECONDS, type: parsed.type, value: parsed.value };
  });
}

function parseEntry(type: string, ttl: number | undefined, value: string): { type: string; value: string; octets: number } {
  const shown = type.toUpperCase();
  const refused = Object.hasOwn(REFUSED_TYPES, shown) ? REFUSED_TYPES[shown] : undefined;
  if (refused) throw invalid(`Bad zone record entry: ${refused}`);
  try {
    if (ttl !== undefined) checkTtl(ttl);
    const parsed = parseRecord(type, value);
    return { type: shown, value: parsed.value, octets: parsed.rdata.length };
  } catch (error) {
    if (error instanceof DnsInputError) throw invalid(`Bad zone record entry: ${error.message}`, error);
    throw error;
  }
}

export const invalid = (message: string, cause?: Error): WeftError => new WeftError('network-zone-record.invalid', message, { cause });
