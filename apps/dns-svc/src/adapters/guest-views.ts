/**
 * What guests of a network see, for one question at a time:
 *
 *   instances of their network: <name>.<dns.domain>, and the way back from its addresses
 *   zones that their network's project has, or that their network publishes in
 *   everything else: as the name servers of the network's uplink say
 *
 * Names below `dns.domain` are never asked for elsewhere: they mean this network alone.
 */
import { type Name, type NameKey, parseName, parseRecord, type ResolverView, type ServedZone, ZoneContent, type ZoneRecord, type ZoneSource } from '@weft/dns';
import { parseListenAddress } from '@weft/contracts';
import type { Pool } from 'pg';
import { addressOfReverseName } from '../domain/reverse-name';
import { nameKeyText } from '../domain/zone-name';
import { findGuestView, type GuestView } from '../queries/find-guest-view';

const DNS_PORT = 53;
/** An instance may start, stop or move at any time. */
const TTL_SECONDS = 5;

export class GuestViews {
  constructor(
    private readonly pool: Pool,
    private readonly served: ZoneSource,
  ) {}

  /** The view of a network's guests for a name; undefined when there is no such network. */
  async find(networkId: string, name: NameKey): Promise<ResolverView | undefined> {
    const key = nameKeyText(name);
    const labels = key.split('.').slice(0, -1);
    const names = labels.map((_, index) => `${labels.slice(index).join('.')}.`);
    const view = await findGuestView(this.pool, networkId, { instance: labels[0] ?? null, address: addressOfReverseName(key) ?? null, names });
    if (!view) return undefined;
    const zones = new Map<string, ServedZone>([...this.projectZones(view), ...ownZones(view, key)]);
    return { zone: (apex) => zones.get(apex), nameServers: view.nameServers.flatMap(nameServer) };
  }

  private projectZones(view: GuestView): [string, ServedZone][] {
    return view.zones.flatMap((text): [string, ServedZone][] => {
      const apex = parseName(text) as NameKey;
      const zone = this.served.zone(apex);
      // Guests ask; whoever wants a whole zone is a peer, and comes to the name server itself.
      return zone ? [[apex, { ...zone, peers: [], queries: 'anyone' }]] : [];
    });
  }
}

const nameServer = (text: string) => {
  const place = text === '' ? undefined : parseListenAddress(text.includes(':') ? `[${text}]` : text, DNS_PORT);
  return place ? [{ address: place.host, port: place.port }] : [];
};

/** A zone for the very name, or an empty one for all names that the network's domain does not have. */
function ownZones({ domain, addresses, pointer, zones }: GuestView, key: string): [string, ServedZone][] {
  const suffix = `${domain.replace(/\.$/, '')}.`;
  if (pointer !== null) return [zoneOf(key, [['PTR', `${pointer}.${suffix}`]])];
  const isInstance = addresses.length > 0 && key === `${key.split('.')[0]}.${suffix}`;
  if (isInstance) return [zoneOf(key, addresses.map((address) => [address.includes(':') ? 'AAAA' : 'A', address]))]; // prettier-ignore
  const isBelow = key === suffix || key.endsWith(`.${suffix}`);
  return isBelow && !zones.some((zone) => suffix === zone || suffix.endsWith(`.${zone}`)) ? [zoneOf(suffix, [])] : [];
}

function zoneOf(apexText: string, records: readonly (readonly [type: string, value: string])[]): [string, ServedZone] {
  const apex = parseName(apexText);
  const content = ZoneContent.build({ apex, soa: soaOf(apex), records: records.map(([type, value]) => recordOf(apex, type, value)) });
  return [apex, { content, differencesSince: () => undefined, peers: [], notify: [], queries: 'anyone' }];
}

function recordOf(owner: Name, type: string, value: string): ZoneRecord {
  const parsed = parseRecord(type, value);
  return { owner, type: parsed.type, rdata: parsed.rdata, ttlSeconds: TTL_SECONDS };
}

const soaOf = (apex: Name) => ({
  mname: apex,
  rname: parseName('hostmaster', apex),
  serial: 1,
  refreshSeconds: 3_600,
  retrySeconds: 600,
  expireSeconds: 86_400,
  minimumSeconds: TTL_SECONDS,
  ttlSeconds: TTL_SECONDS,
});
