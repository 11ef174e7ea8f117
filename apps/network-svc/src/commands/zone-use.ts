import { WeftError, type Meta } from '@weft/contracts';
import type { ZoneUse } from '../clients/zone.client';
import { splitSubjects } from '../domain/acl.rules';
import type { Deps } from '../network.deps';

const KEYS = { forward: 'dns.zone.forward', ipv4: 'dns.zone.reverse.ipv4', ipv6: 'dns.zone.reverse.ipv6' } as const;

/** Forward zones are a list, as in later versions of LXD; addresses point back into the first of them. */
const zonesIn = (kind: string, value = ''): string[] => (kind === 'forward' ? splitSubjects(value) : value === '' ? [] : [value]);

/** Asks for zones that a change names and the network did not use before. @throws WeftError as the zone service says */
export async function checkZones(
  deps: Deps,
  meta: Meta,
  wanted: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>> = {},
): Promise<void> {
  const zones = Object.entries(KEYS).flatMap(([kind, key]): ZoneUse[] => {
    const before = zonesIn(kind, present[key]);
    const now = zonesIn(kind, wanted[key]);
    const twice = now.find((name, place) => now.indexOf(name) < place);
    if (twice !== undefined) throw new WeftError('config.invalid', `Invalid value for network option "${key}": zone "${twice}" is named twice`);
    return now.filter((name) => !before.includes(name)).map((name) => ({ name, kind: kind as ZoneUse['kind'] }));
  });
  if (zones.length > 0) await deps.zones.check(zones, meta);
}
