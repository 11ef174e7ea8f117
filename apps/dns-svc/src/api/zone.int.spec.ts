/** Zones, records and what networks publish, through the whole service: content, serials, races, restart, rebuild. */
import type { DnsCommandBody, WeftError, ZoneEntry, ZoneResourceRecord } from '@weft/contracts';
import { parseName, renderName, renderRdata, recordTypeName, nameKey } from '@weft/dns';
import { expectFoldEqualsRows, rebuildProjection } from '@weft/event-store';
import { eventually } from '@weft/testing';
import type { Running } from '../composition';
import { zoneProjection } from '../projections/zone.projection';
import { startReplica, Surroundings } from '../testing/dns-under-test';

let around: Surroundings;
let replica: Running;

beforeAll(async () => {
  around = await Surroundings.start();
  replica = await startReplica(around);
}, 60_000);
afterAll(async () => {
  await replica?.close();
  await around?.stop();
});

const createZone = (name: string, config: Record<string, string> = {}, project = 'default') =>
  around.send('zone.create', { name, description: '', config }, { project });
const updateZone = (name: string, config: Record<string, string>) => around.send('zone.update', { name, mode: 'merge', config });
const createRecord = (zone: string, name: string, entries: ZoneEntry[] = []) =>
  around.send('zone-record.create', { zone, name, description: '', entries, config: {} });
const updateRecord = (zone: string, name: string, entries: ZoneEntry[]) => around.send('zone-record.update', { zone, name, mode: 'replace', entries });
const a = (value: string, ttl?: number): ZoneEntry => ({ type: 'A', value, ...(ttl ? { ttl } : {}) });
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'accepted',
    ({ code, message }: WeftError) => ({ code, message }),
  );

/** What a replica serves: the records, and the serial. */
function served(zone: string, from = replica): { serial: number; records: string[] } | undefined {
  const content = from.snapshots.source.zone(nameKey(parseName(zone)))?.content;
  if (!content) return undefined;
  const records = [...content.records()].map(
    ({ owner, ttlSeconds, type, rdata }) => `${renderName(owner)} ${ttlSeconds} ${recordTypeName(type)} ${renderRdata(type, rdata)}`,
  );
  return { serial: content.soa.serial, records: records.filter((record) => !record.includes(' NS localhost.')).sort() };
}
const holds = (assertion: () => void): Promise<true> =>
  eventually(() => {
    assertion();
    return true as const;
  });
const serves = (zone: string, serial: number, ...records: string[]) => holds(() => expect(served(zone)).toEqual({ serial, records: records.sort() }));

/** The log folded by hand: invariant 5. */
async function fold(zone: string): Promise<{ serial: number; records: string[] }> {
  const { rows } = await replica.deps.pool.query<{ serial: string; removed: ZoneResourceRecord[]; added: ZoneResourceRecord[] }>(
    `SELECT data->>'serial' AS serial, data->'removed' AS removed, data->'added' AS added FROM event
      WHERE type = 'ZoneContentChanged' AND data->>'name' = $1 ORDER BY version`,
    [zone],
  );
  const records = new Set<string>();
  const text = ({ name, ttl, type, value }: ZoneResourceRecord): string => `${name} ${ttl} ${type} ${value}`;
  for (const { removed, added } of rows) {
    for (const record of removed) records.delete(text(record));
    for (const record of added) records.add(text(record));
  }
  return { serial: Number(rows.at(-1)?.serial), records: [...records].filter((record) => !record.includes(' NS localhost.')).sort() };
}

it('serves custom records under serials that count changes', async () => {
  await createZone('one.example');
  await serves('one.example', 1);
  await createRecord('one.example', 'www');
  await updateRecord('one.example', 'www', [a('192.0.2.80'), { type: 'TXT', ttl: 900, value: 'hello world' }]);
  await serves('one.example', 2, 'www.one.example. 300 A 192.0.2.80', 'www.one.example. 900 TXT "hello" "world"');
  await around.send('zone-record.update', { zone: 'one.example', name: 'www', mode: 'merge', config: { 'user.a': 'b' } });
  await updateZone('one.example', { 'user.x': '1' });
  await createRecord('one.example', '@', [{ type: 'MX', value: '10 mail.one.example.' }]);
  await around.send('zone-record.delete', { zone: 'one.example', name: 'www' });
  await serves('one.example', 4, 'one.example. 300 MX 10 mail.one.example.');
  expect(await fold('one.example')).toEqual(served('one.example'));
});

it('refuses in the words of LXD, and nothing is half done', async () => {
  await createZone('two.example');
  await createRecord('two.example', 'www', [a('192.0.2.1')]);
  expect(await refusal(createZone('TWO.example'))).toEqual({ code: 'network-zone.exists', message: 'The network zone already exists' });
  expect(await refusal(createRecord('two.example', 'WWW'))).toMatchObject({ code: 'network-zone-record.exists' });
  expect(await refusal(createRecord('none.example', 'www'))).toEqual({ code: 'network-zone.not-found', message: 'Network zone not found' });
  expect(await refusal(updateRecord('two.example', 'b ad', []))).toEqual({ code: 'network-zone-record.not-found', message: 'Network zone record not found' });
  expect(await refusal(updateRecord('two.example', 'www', [a('192.0.2.1'), a('192.0.2.1')]))).toMatchObject({ code: 'network-zone-record.invalid' });
  await serves('two.example', 2, 'www.two.example. 300 A 192.0.2.1');
});

it('keeps keys of zones apart that would have one name', async () => {
  const key = 'c2VjcmV0c2VjcmV0c2VjcmV0';
  await createZone('k.example', { 'peers.x.key': key });
  await createZone('k', { 'peers.example_x.address': '::1' });
  await createZone('k.example_y', { 'peers.z.key': key });
  expect(await refusal(createZone('k.example_y_z.other', {}))).toBe('accepted');
  expect(await refusal(updateZone('k.example', { 'peers.y_z.key': key }))).toMatchObject({
    code: 'network-zone.invalid',
    message: expect.stringContaining('give the peer another name') as string,
  });
});

it('keeps keys out of events and lists, and hands them to who may change the zone', async () => {
  const key = 'dGhpcyBrZXkgaXMgYSBzZWNyZXQ=';
  await createZone('s.example', { 'peers.ns1.key': key, 'peers.ns1.address': '127.0.0.1' });
  const { pool } = replica.deps;
  const row = async () => {
    const { rows } = await pool.query<{ doc: string; full_doc: string; etag: string }>(
      `SELECT doc, full_doc, etag FROM network_zone_v1 WHERE name = 's.example'`,
    );
    return rows[0]!;
  };
  const before = await row();
  expect(JSON.parse(before.full_doc)).toEqual({
    description: '',
    config: { 'peers.ns1.address': '127.0.0.1', 'peers.ns1.key': key },
    name: 's.example',
    used_by: [],
  });
  expect(before.doc).not.toContain(key);
  await updateZone('s.example', { 'peers.ns1.key': key, 'user.a': 'b' });
  expect((JSON.parse((await row()).doc) as { config: object }).config).toMatchObject((JSON.parse(before.doc) as { config: object }).config);
  await eventually(() => replica.snapshots.source.zone(nameKey(parseName('s.example')))?.peers[0]?.key);
  expect(Buffer.from(replica.snapshots.source.zone(nameKey(parseName('s.example')))!.peers[0]!.key!.secret).toString('base64')).toBe(key);
  expect((await pool.query('SELECT FROM event WHERE data::text LIKE $1', [`%${key}%`])).rowCount).toBe(0);
  expect(await refusal(updateZone('s.example', { 'peers.ns2.key': `hidden:${'0'.repeat(36)}` }))).toMatchObject({ code: 'config.invalid' });
  await around.send('zone.delete', { name: 's.example' });
  expect((await pool.query('SELECT FROM zone_secret WHERE key = $1', [key])).rowCount).toBe(0);
});

it('publishes what is on the networks, forward and reverse, and takes it back', async () => {
  const config = {
    'ipv4.address': '10.10.0.1/24',
    'ipv6.address': 'fd42:1::1/64',
    'ipv4.nat': 'true',
    'dns.zone.forward': 'net.example',
    'dns.zone.reverse.ipv4': '0.10.10.in-addr.arpa',
  };
  await createZone('net.example');
  await createZone('0.10.10.in-addr.arpa');
  await around.network('blue', config);
  const gateway = ['blue.gw.net.example. 300 A 10.10.0.1', 'blue.gw.net.example. 300 AAAA fd42:1::1'];
  await serves('net.example', 2, ...gateway);
  await around.port('PortActivated', 'c1', 'blue', ['10.10.0.2'], ['fd42:1::2']);
  await serves('net.example', 3, ...gateway, 'c1.net.example. 300 A 10.10.0.2', 'c1.net.example. 300 AAAA fd42:1::2');
  await serves('0.10.10.in-addr.arpa', 3, '1.0.10.10.in-addr.arpa. 300 PTR blue.gw.net.example.', '2.0.10.10.in-addr.arpa. 300 PTR c1.net.example.');
  expect(await refusal(around.send('zone.delete', { name: 'net.example' }))).toMatchObject({
    code: 'network-zone.in-use',
    message: 'Cannot delete a zone that is in use',
  });
  expect(await refusal(createRecord('net.example', 'c1', [{ type: 'CNAME', value: 'x.' }]))).toMatchObject({ code: 'network-zone-record.invalid' });
  // The same again changes nothing.
  await around.port('PortActivated', 'c1', 'blue', ['10.10.0.2'], ['fd42:1::2']);
  await updateZone('net.example', { 'network.nat': 'false' });
  await serves('net.example', 4, gateway[1]!, 'c1.net.example. 300 AAAA fd42:1::2');
  await around.port('PortDeactivated', 'c1', 'blue', ['10.10.0.2'], ['fd42:1::2']);
  await serves('net.example', 5, gateway[1]!);
  await around.network('blue', { ...config, 'dns.zone.forward': '' }, 'NetworkUpdated');
  await serves('net.example', 6);
  await serves('0.10.10.in-addr.arpa', 5);
  const { rows } = await replica.deps.pool.query<{ doc: string }>(`SELECT doc FROM network_zone_v1 WHERE name = '0.10.10.in-addr.arpa'`);
  expect(JSON.parse(rows[0]!.doc)).toEqual({ description: '', config: {}, name: '0.10.10.in-addr.arpa', used_by: ['/1.0/networks/blue'] });
  expect(await fold('net.example')).toEqual(served('net.example'));
});

it('publishes in several forward zones, of whatever project, and points back into the first', async () => {
  await around.project('tenant', { 'features.networks': 'true' });
  await createZone('first.example');
  await createZone('second.example', {}, 'tenant');
  await createZone('12.10.in-addr.arpa');
  const zones = { 'dns.zone.forward': 'first.example, second.example', 'dns.zone.reverse.ipv4': '12.10.in-addr.arpa' };
  await around.network('green', { 'ipv4.address': '10.12.0.1/24', ...zones });
  for (const zone of ['first.example', 'second.example']) await serves(zone, 2, `green.gw.${zone}. 300 A 10.12.0.1`);
  await around.port('PortActivated', 'c4', 'green', ['10.12.0.2']);
  for (const zone of ['first.example', 'second.example']) await serves(zone, 3, `green.gw.${zone}. 300 A 10.12.0.1`, `c4.${zone}. 300 A 10.12.0.2`);
  await serves('12.10.in-addr.arpa', 3, '1.0.12.10.in-addr.arpa. 300 PTR green.gw.first.example.', '2.0.12.10.in-addr.arpa. 300 PTR c4.first.example.');
  await around.network('green', { 'ipv4.address': '10.12.0.1/24', ...zones, 'dns.zone.forward': 'second.example' }, 'NetworkUpdated');
  await serves('first.example', 4);
  await serves('12.10.in-addr.arpa', 4, '1.0.12.10.in-addr.arpa. 300 PTR green.gw.second.example.', '2.0.12.10.in-addr.arpa. 300 PTR c4.second.example.');
  await around.network('green', {}, 'NetworkUpdated');
});

it('lets an instance wait while its name is taken by an alias', async () => {
  await createZone('alias.example');
  await createRecord('alias.example', 'c2', [{ type: 'CNAME', value: 'www.alias.example.' }]);
  await around.network('red', { 'dns.zone.forward': 'alias.example' });
  await around.port('PortActivated', 'c2', 'red', ['10.11.0.2']);
  await around.port('PortActivated', 'c3', 'red', ['10.11.0.3']);
  await serves('alias.example', 3, 'c2.alias.example. 300 CNAME www.alias.example.', 'c3.alias.example. 300 A 10.11.0.3');
  await around.send('zone-record.delete', { zone: 'alias.example', name: 'c2' });
  await serves('alias.example', 4, 'c2.alias.example. 300 A 10.11.0.2', 'c3.alias.example. 300 A 10.11.0.3');
});

it('goes on from the last serial when a zone is made again: secondaries would not follow otherwise', async () => {
  await createZone('again.example');
  await createRecord('again.example', 'www', [a('192.0.2.1')]);
  await around.send('zone.delete', { name: 'again.example' });
  await createZone('again.example');
  await serves('again.example', 3);
});

it('shares the zones of default with projects that have no networks of their own, and holds restrictions', async () => {
  await around.project('shared', {});
  await around.project('own', { 'features.networks': 'true', restricted: 'true', 'restricted.networks.zones': 'own.example' });
  await createZone('shared.example', {}, 'shared');
  expect(await refusal(createZone('mine.example', {}, 'own'))).toMatchObject({ code: 'project.restricted' });
  await createZone('a.own.example', {}, 'own');
  const { rows } = await replica.deps.pool.query(
    `SELECT project, name FROM network_zone_v1 WHERE name LIKE '%shared.example' OR name LIKE '%own.example' ORDER BY 1, 2`,
  );
  expect(rows).toEqual([
    { project: 'default', name: 'shared.example' },
    { project: 'own', name: 'a.own.example' },
    { project: 'shared', name: 'shared.example' },
  ]);
  const actor = { protocol: 'tls' as const, username: 'x', address: '', projects: ['shared'] };
  const change: DnsCommandBody<'zone.update'> = { name: 'shared.example', mode: 'merge', config: {} };
  expect(await refusal(around.send('zone.update', change, { project: 'shared', actor }))).toMatchObject({ code: 'auth.forbidden' });
  const service = { protocol: 'service' as const, username: 'instance-svc', address: '', projects: null };
  expect(await refusal(around.send('zone.project-usage', { project: 'own' }, { project: 'shared', actor }))).toMatchObject({ code: 'auth.forbidden' });
  expect(await around.send('zone.project-usage', { project: 'own' }, { actor: service })).toEqual({ usedBy: ['/1.0/network-zones/a.own.example?project=own'] });
  const check = (name: string, kind: 'forward' | 'ipv4', project: string) => refusal(around.send('zone.check', { zones: [{ name, kind }] }, { project }));
  expect(await check('a.own.example', 'forward', 'own')).toBe('accepted');
  expect(await check('missing.example', 'forward', 'own')).toEqual({
    code: 'network-zone.not-found',
    message: 'Network zone "missing.example" doesn\'t exist',
  });
  expect(await check('a.own.example', 'ipv4', 'own')).toMatchObject({ code: 'network-zone.wrong-kind' });
  expect(await check('shared.example', 'forward', 'own')).toMatchObject({ code: 'project.restricted' });
});

it('gives each change a serial of its own when many come at once, on two replicas', async () => {
  await createZone('many.example');
  const other = await startReplica(around);
  await Promise.all(Array.from({ length: 40 }, (_, n) => createRecord('many.example', `r${n}`, [a(`192.0.2.${n}`)])));
  const records = Array.from({ length: 40 }, (_, n) => `r${n}.many.example. 300 A 192.0.2.${n}`);
  await serves('many.example', 41, ...records);
  await holds(() => expect(served('many.example', other)).toEqual(served('many.example')));
  expect(await fold('many.example')).toEqual(served('many.example'));
  await other.close();
});

it('keeps serials and history over a restart and a rebuild', async () => {
  const zones = ['one.example', 'net.example', 'many.example', 'again.example', 'alias.example'];
  const before = zones.map((zone) => served(zone));
  await expectFoldEqualsRows(replica.deps.store, zoneProjection);
  await rebuildProjection({ store: replica.deps.store, projection: zoneProjection });
  await replica.close();
  replica = await startReplica(around);
  expect(zones.map((zone) => served(zone))).toEqual(before);
  const steps = replica.snapshots.source.zone(nameKey(parseName('many.example')))!.differencesSince(5);
  expect(steps).toHaveLength(36);
  await createRecord('many.example', 'more', [a('192.0.2.200')]);
  await holds(() => expect(served('many.example')?.serial).toBe(42));
});
