/** What a zone's owners have now, and what they are made of: custom records, networks and ports. */
import type { ZoneEntry, ZoneResourceRecord } from '@weft/contracts';
import { addressOfReverseName } from '../domain/reverse-name';
import { namesIn, type NamedZone, type NetworkFacts, type PortFacts } from '../domain/network-names';
import { apexOf, ownerContent } from '../domain/owner-content';
import type { OwnerChange } from '../domain/content-change';
import { parseEntries, recordOwner } from '../domain/zone-record.entries';
import { nameKeyText, parseZoneName, zoneKind } from '../domain/zone-name';
import type { ActiveZone } from '../domain/zone.state';
import { renderName } from '@weft/dns';
import type { Queryable } from './find-zones';

export const namedZone = ({ name, config }: Pick<ActiveZone, 'name' | 'config'>): NamedZone => {
  const apex = parseZoneName(name);
  const key = nameKeyText(apex);
  return { name: renderName(apex), key, kind: zoneKind(key), config };
};

/** `owners`: keys; undefined for every owner of the zone. */
export type Owners = readonly string[] | undefined;

/**
 * What stands at the owners now beside what shall stand there. `custom` replaces the entries of one owner, for a command
 * that is about to change them.
 */
export async function planOwners(
  db: Queryable,
  zone: ActiveZone,
  owners: Owners,
  custom?: { owner: string; records: readonly ZoneResourceRecord[] },
): Promise<{ changes: OwnerChange[]; primary: string; contact: string }> {
  const named = namedZone(zone);
  const { primary, contact, own } = apexOf(named.name, zone.config);
  const [before, written, generated] = [
    byOwner(await readContent(db, zone.id, owners)),
    byOwner(await readCustom(db, zone, owners)),
    byOwner(await readGenerated(db, named, owners)),
  ];
  if (custom) written.set(custom.owner, [...custom.records]);
  const all = owners ?? [...new Set([named.key, ...before.keys(), ...written.keys(), ...generated.keys()])];
  const changes = [...all].sort().map((owner) => ({
    before: before.get(owner) ?? [],
    after: ownerContent({ own: owner === named.key ? own : [], custom: written.get(owner) ?? [], generated: generated.get(owner) ?? [] }),
  }));
  return { changes, primary, contact };
}

/** What stands at an owner that is not a custom record's: the zone's own name servers, instances, networks. */
export async function othersAt(db: Queryable, zone: ActiveZone, owner: string): Promise<ZoneResourceRecord[]> {
  const named = namedZone(zone);
  const own = owner === named.key ? apexOf(named.name, zone.config).own : [];
  return [...own, ...(await readGenerated(db, named, [owner]))];
}

const byOwner = (records: readonly ZoneResourceRecord[]): Map<string, ZoneResourceRecord[]> => {
  const owners = new Map<string, ZoneResourceRecord[]>();
  for (const record of records) {
    const owner = record.name.toLowerCase();
    const present = owners.get(owner);
    if (present) present.push(record);
    else owners.set(owner, [record]);
  }
  return owners;
};

async function readContent(db: Queryable, zoneId: string, owners: Owners): Promise<ZoneResourceRecord[]> {
  const { rows } = await db.query<ZoneResourceRecord>({
    name: owners ? 'zone_content_of_owners' : 'zone_content_all',
    text: `SELECT name, ttl::float8 AS ttl, type, value FROM zone_content WHERE zone_id = $1 ${owners ? 'AND owner = ANY($2)' : ''}`,
    values: owners ? [zoneId, owners] : [zoneId],
  });
  return rows;
}

async function readCustom(db: Queryable, zone: ActiveZone, owners: Owners): Promise<ZoneResourceRecord[]> {
  const { rows } = await db.query<{ name: string; entries: ZoneEntry[] }>({
    name: owners ? 'zone_records_of_owners' : 'zone_records_all',
    text: `SELECT name, entries FROM zone_record WHERE zone_id = $1 ${owners ? 'AND owner = ANY($2)' : ''}`,
    values: owners ? [zone.id, owners] : [zone.id],
  });
  return rows.flatMap(({ name, entries }) => parseEntries(recordOwner(zone.name, name), entries));
}

async function readGenerated(db: Queryable, zone: NamedZone, owners: Owners): Promise<ZoneResourceRecord[]> {
  const networks = await readNetworks(db, zone.key);
  if (networks.length === 0) return [];
  const records = namesIn(zone, networks, await readPorts(db, zone, networks, owners));
  if (!owners) return records;
  const wanted = new Set(owners);
  return records.filter(({ name }) => wanted.has(name.toLowerCase()));
}

/** The networks that publish in a zone. */
async function readNetworks(db: Queryable, key: string): Promise<NetworkFacts[]> {
  const { rows } = await db.query<NetworkFacts>({
    name: 'networks_of_zone',
    text: 'SELECT id, name, config FROM network WHERE id IN (SELECT network_id FROM network_zone_use WHERE zone = $1) ORDER BY project, name',
    values: [key],
  });
  return rows;
}

async function readPorts(db: Queryable, zone: NamedZone, networks: readonly NetworkFacts[], owners: Owners): Promise<PortFacts[]> {
  const condition = !owners ? '' : zone.kind === 'forward' ? 'AND lower(instance_name) = ANY($2)' : 'AND addresses && $2::inet[]';
  const wanted =
    zone.kind === 'forward' ? owners?.map((owner) => owner.slice(0, -zone.key.length - 1)) : owners?.flatMap((owner) => addressOfReverseName(owner) ?? []);
  const { rows } = await db.query<PortFacts>({
    name: `ports_of_networks_${!owners ? 'all' : zone.kind === 'forward' ? 'by_name' : 'by_address'}`,
    text: `SELECT network_id AS "networkId", instance_name AS "instanceName",
             ARRAY(SELECT host(address) FROM unnest(addresses) AS address) AS addresses
           FROM port WHERE network_id = ANY($1) ${condition} ORDER BY project, instance_name, instance_id, device`,
    values: owners ? [networks.map(({ id }) => id), wanted] : [networks.map(({ id }) => id)],
  });
  return rows;
}
