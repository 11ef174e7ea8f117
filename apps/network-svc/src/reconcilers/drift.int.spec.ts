/** Whatever strangers do to rows of ours is found, reported and mended within seconds; what is theirs stays as it is. */
import { operationsOn, OvnNorthbound, OvsdbClient, type Operation } from '@weft/ovsdb';
import { eventually } from '@weft/testing';
import { OWNED_TABLES, type OwnedTable } from '@weft/ovn';
import { ovn } from '../testing/network-service';
import { nicOf, RunningService } from '../testing/running-service';

const ROWS = 100;
const LIMIT_MS = 5_000;
const nb = operationsOn(OvnNorthbound.OVN_NORTHBOUND);
type Row = OvnNorthbound.OvnNorthboundTables[OwnedTable] & { _uuid: string };

let service: RunningService;
let stranger: OvsdbClient<OvnNorthbound.OvnNorthboundTables>;

beforeAll(async () => {
  service = await RunningService.start();
  stranger = new OvsdbClient(OvnNorthbound.OVN_NORTHBOUND, { endpoints: service.central.northbound.endpoint });
  await population();
}, 180_000);
afterAll(async () => {
  await stranger.close();
  await service.stop();
}, 60_000);

/** Rows in every table that Weft writes to. */
async function population(): Promise<void> {
  const subnet = (n: number) => ({ 'ipv4.address': `10.${n}.0.1/24`, 'ipv4.nat': 'true' });
  for (const [n, name] of ['blue', 'red'].entries()) await service.send('network.create', ovn(name, subnet(n + 1)));
  const rule = { source: '', destination: '', protocol: '', source_port: '', destination_port: '', icmp_type: '', icmp_code: '', description: '', state: '' };
  const ingress = [
    { ...rule, action: 'allow', source: '@internal' },
    { ...rule, action: 'drop', source: '10.9.0.0/16', state: 'logged' },
  ];
  await service.send('network-acl.create', { name: 'web', description: '', config: {}, ingress, egress: [] });
  for (let n = 0; n < 12; n++) {
    const extra = { 'security.acls': 'web', 'limits.ingress': '10Mbit', ...(n === 0 ? { 'ipv4.routes.external': '198.51.100.8/32' } : {}) };
    const instance = { instanceId: `i${n}`, instanceName: `c${n}`, type: 'container' as const, member: 'host1' };
    await service.send('port.activate', { ...instance, nics: { eth0: nicOf(n % 2 ? 'red' : 'blue', n, extra) } });
  }
  const forward = { network: 'blue', listenAddress: '198.51.100.20', description: '', config: { target_address: '10.1.0.9' }, ports: [] };
  await service.send('network-forward.create', forward);
  const peer = { description: '', config: {}, targetProject: '' };
  await service.send('network-peer.create', { ...peer, network: 'blue', name: 'to-red', targetNetwork: 'red' });
  await service.send('network-peer.create', { ...peer, network: 'red', name: 'to-blue', targetNetwork: 'blue' });
  await foreign();
}

/** Rows of somebody else, beside ours and inside of ours. */
async function foreign(): Promise<void> {
  const commands = [
    ['ls-add', 'foreign'],
    ['lsp-add', 'foreign', 'theirs'],
    ['lr-add', 'foreign-lr'],
    ['lsp-add', OUR_SWITCH, 'their-port'],
    ['acl-add', OUR_SWITCH, 'to-lport', '7', 'ip4.src == 10.254.0.1', 'drop'],
    ['qos-add', OUR_SWITCH, 'to-lport', '7', 'ip4.src == 10.254.0.1', 'rate=9'],
    ['lr-route-add', OUR_ROUTER, '10.254.0.0/24', '10.1.0.9'],
    ['lr-policy-add', OUR_ROUTER, '7', 'ip4.src == 10.254.0.2', 'drop'],
    ['lr-nat-add', OUR_ROUTER, 'snat', '192.0.2.99', '10.254.0.0/24'],
    ['lrp-add', OUR_ROUTER, 'their-lrp', '02:00:00:00:00:09', '10.253.0.1/24'],
    ['pg-add', 'their_group', 'theirs'],
    ['lb-add', 'their-lb', '10.253.0.9:80', '10.253.0.8:80'],
    ['create', 'Address_Set', 'name=theirs', 'addresses=10.253.0.0/24'],
    ['create', 'DHCP_Options', 'cidr=10.253.0.0/24'],
    ['create', 'DNS', 'records={theirs=10.253.0.9}'],
    ['ha-chassis-group-add', 'theirs'],
    ['ha-chassis-group-add-chassis', 'theirs', 'host9', '9'],
  ];
  await service.central.nbctl(...commands.flatMap((command) => ['--', ...command]).slice(1));
}
/** Those of `blue`: 1 is UPLINK, 2 the first network. */
const [OUR_SWITCH, OUR_ROUTER] = ['weft-net3-ls-int', 'weft-net3-lr'];

/** One meddling with a row: its owner ids go, a column that means something is changed, or it is taken away. */
function meddle(table: OwnedTable, row: Row, n: number): Operation {
  const which = [['_uuid', '==', row._uuid]] as never;
  if (n % 3 === 0) return nb.update(table, which, { external_ids: {} } as never);
  if (n % 3 === 1 && ['DHCP_Options', 'DNS', 'Address_Set', 'Port_Group', 'Load_Balancer'].includes(table)) return nb.delete(table, which);
  return nb.update(table, which, WRONG[table] as never);
}
const WRONG: Readonly<Record<OwnedTable, object>> = {
  Logical_Router: { options: { chassis: 'nowhere' } },
  Logical_Router_Port: { mac: '02:00:00:00:00:01' },
  Logical_Router_Static_Route: { nexthop: '10.254.254.254' },
  Logical_Router_Policy: { action: 'allow', priority: 7 },
  NAT: { logical_ip: '10.254.0.0/24' },
  Logical_Switch: { other_config: { subnet: '10.254.0.0/24' } },
  Logical_Switch_Port: { addresses: ['02:00:00:00:00:02'] },
  QoS: { bandwidth: { rate: 1 } },
  ACL: { action: 'drop', priority: 9 },
  Port_Group: { acls: [] },
  Address_Set: { addresses: ['10.254.254.0/24'] },
  DHCP_Options: { options: { lease_time: '1' } },
  DNS: { records: {} },
  Load_Balancer: { vips: {} },
  HA_Chassis_Group: { external_ids: {} },
  HA_Chassis: { priority: 1 },
};

async function rowsOf(): Promise<{ table: OwnedTable; row: Row }[]> {
  const results = await stranger.transact(OWNED_TABLES.map((table) => nb.select(table, [])));
  return results.flatMap(({ rows }, at) => (rows as unknown as Row[]).map((row) => ({ table: OWNED_TABLES[at]!, row })));
}

/** Contents without what differs by nature: uuids, counters, what OVN itself writes. */
async function picture(): Promise<string[]> {
  const rows = await rowsOf();
  const names = new Map(rows.map(({ table, row }) => [row._uuid, `${table} ${JSON.stringify(idsOf(row))} ${String((row as { name?: string }).name ?? '')}`]));
  const plain = (value: unknown): unknown => (typeof value === 'string' ? (names.get(value) ?? value) : Array.isArray(value) ? value.map(plain).sort() : value);
  return rows
    .map(({ table, row }) => {
      const { _uuid, _version, up, external_ids: _ids, ...columns } = row as unknown as Record<string, unknown>;
      return `${table} ${JSON.stringify(idsOf(row))} ${JSON.stringify(Object.entries(columns).map(([name, value]) => [name, plain(value)]))}`;
    })
    .sort();
}
const ownIds = ({ external_ids: ids }: Row): string => [ids['weft:owner'], ids['weft:kind'], ids['weft:id']].join(' ').trim();
const idsOf = ({ external_ids }: Row): Record<string, string> =>
  Object.fromEntries(Object.entries(external_ids).filter(([key]) => key !== 'weft:version' && key !== 'weft:revision'));

it(`${ROWS} rows of every table, corrupted and taken away`, async () => {
  const before = await picture();
  const owned = (await rowsOf()).filter(({ row }) => 'weft:owner' in row.external_ids);
  expect(new Set(owned.map(({ table }) => table)).size).toBeGreaterThanOrEqual(13);
  // Every so many, so that each table has its part; the first of each table for certain.
  const firsts = OWNED_TABLES.flatMap((table) => owned.find((one) => one.table === table) ?? []);
  const others = owned.filter((one) => !firsts.includes(one)).filter((_one, n, all) => n % Math.ceil(all.length / (ROWS - firsts.length)) === 0);
  const victims = [...firsts, ...others].slice(0, ROWS);
  for (const [n, { table, row }] of victims.entries()) await stranger.transact([meddle(table, row, n)]);
  const began = performance.now();
  const differs = async (): Promise<string[]> => {
    const now = await picture();
    return [...before.filter((row) => !now.includes(row)).map((row) => `- ${row}`), ...now.filter((row) => !before.includes(row)).map((row) => `+ ${row}`)];
  };
  await eventually(async () => (await differs()).length === 0, { timeoutMs: 20_000 }).catch(async () => expect(await differs()).toEqual([]));
  expect(performance.now() - began).toBeLessThan(LIMIT_MS);
  // As a report names a row: what is wrong, table, owner, kind, id.
  const named = ((await service.events('NetworkDriftFound')) as { rows: string[] }[]).flatMap(({ rows }) => rows);
  const unreported = victims.map(({ table, row }) => `${table} ${ownIds(row)}`).filter((name) => !named.some((one) => one.includes(name)));
  expect(unreported).toEqual([]);
  // One report of repair for each of drift, appended behind the rows that they tell of.
  const reports = async () => Promise.all([service.events('NetworkDriftFound'), service.events('NetworkRepaired')]);
  const allReported = async () => reports().then(([drift, repaired]) => drift.length === repaired.length);
  await eventually(allReported).catch(async () => expect((await reports())[1]).toHaveLength((await reports())[0].length));
}, 60_000);
