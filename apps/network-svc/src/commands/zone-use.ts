import type { Meta } from '@weft/contracts';
import type { ZoneUse } from '../clients/zone.client';
import type { Deps } from '../network.deps';

const KEYS = { forward: 'dns.zone.forward', ipv4: 'dns.zone.reverse.ipv4', ipv6: 'dns.zone.reverse.ipv6' } as const;

/** Asks for zones that a change names and the network did not use before. @throws WeftError as the zone service says */
export async function checkZones(
  deps: Deps,
  meta: Meta,
  wanted: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>> = {},
): Promise<void> {
  const zones = Object.entries(KEYS).flatMap(([kind, key]): ZoneUse[] => {
    const name = wanted[key];
    return name && name !== present[key] ? [{ name, kind: kind as ZoneUse['kind'] }] : [];
  });
  if (zones.length > 0) await deps.zones.check(zones, meta);
}
