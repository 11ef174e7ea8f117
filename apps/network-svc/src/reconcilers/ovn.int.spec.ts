/** The service on real databases and a real OVN: what commands promise is there when they reply, and it stays there. */
import { createLogger } from '@weft/platform';
import { eventually, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import { newId, unwrap, type Meta, type NetworkCommandBody, type NetworkCommandName } from '@weft/contracts';
import { compose, type Running } from '../composition';
import { OvnCentral } from '../testing/ovn-central';
import { ovn, SERVICE_ACTOR, UPLINK_CONFIG } from '../testing/network-service';

const QUIET = createLogger('test', process.env.WEFT_TEST_LOG ?? 'silent');
let postgres: TestPostgres;
let broker: TestNats;
let central: OvnCentral;
let running: Running;

const start = (): Promise<Running> =>
  compose(
    {
      postgresUrl: postgres.url,
      schema: 'network',
      poolSize: 8,
      natsUrl: broker.url,
      keep: { commandLogMs: 1e9, sagaMs: 1e9 },
      ovn: { northbound: central.northbound, southbound: central.southbound, checkMs: 60_000, waitMs: 20_000 },
      bootstrapUplink: UPLINK_CONFIG,
    },
    QUIET,
  );
async function send<N extends NetworkCommandName>(name: N, body: NetworkCommandBody<N>, meta: Partial<Meta> = {}): Promise<unknown> {
  const ids = { requestId: newId(), correlationId: newId(), commandId: newId() };
  return unwrap(await running.commands.route(name, { meta: { actor: SERVICE_ACTOR, project: 'default', ...ids, ...meta }, body }));
}
const reachable = () => eventually(() => running.deps.dataPlane.require().then(() => true), { timeoutMs: 30_000, what: 'OVN to be reached' });
const nic = (network: string, n: number, extra: object = {}) => ({
  type: 'nic',
  network,
  hwaddr: `00:16:3e:00:00:${n.toString(16).padStart(2, '0')}`,
  ...extra,
});
const activate = (n: number, network: string, extra: object = {}) =>
  send('port.activate', { instanceId: `i${n}`, instanceName: `c${n}`, type: 'container', member: 'host1', nics: { eth0: nic(network, n, extra) } });
const events = async (type: string): Promise<Record<string, unknown>[]> =>
  (await running.deps.pool.query<{ data: Record<string, unknown> }>('SELECT data FROM event WHERE type = $1 ORDER BY position', [type])).rows.map(
    ({ data }) => data,
  );

beforeAll(async () => {
  [postgres, broker, central] = await Promise.all([startPostgres(), startNats(), OvnCentral.start()]);
  running = await start();
  await reachable();
}, 120_000);
afterAll(async () => {
  await running.close();
  await central.stop();
  await postgres.stop();
  await broker.stop();
}, 60_000);

it('the first networks are there, in OVN too', async () => {
  const { rows } = await running.deps.pool.query<{ name: string }>('SELECT name FROM network ORDER BY number');
  expect(rows.map(({ name }) => name)).toEqual(['UPLINK', 'default']);
  await eventually(async () => (await central.nbctl('lr-list')).includes('weft-net2-lr'), { timeoutMs: 20_000 });
});

it('what a command has done is in the southbound database when it replies', async () => {
  await send('network.create', ovn('blue', { 'ipv4.address': '10.1.1.1/24', 'ipv4.nat': 'true', 'ipv6.address': 'none' }));
  await send('network.create', ovn('red', { 'ipv4.address': '10.2.2.1/24', 'ipv4.nat': 'true', 'ipv6.address': 'none' }));
  expect(await activate(1, 'blue')).toMatchObject({ ports: { eth0: { ifaceId: 'weft-net3-instance-i1-eth0', addresses: ['10.1.1.2/24'] } } });
  expect(await central.sbctl('--bare', '--columns=mac', 'find', 'Port_Binding', 'logical_port=weft-net3-instance-i1-eth0')).toContain('10.1.1.2');
  expect(await central.nbctl('--bare', '--columns=options', 'list', 'Logical_Switch_Port', 'weft-net3-instance-i1-eth0')).toContain('requested-chassis=host1');
  await send('port.bind', { instanceId: 'i1', members: ['host1', 'host2'] });
  expect(await central.nbctl('--bare', '--columns=options', 'list', 'Logical_Switch_Port', 'weft-net3-instance-i1-eth0')).toContain(
    'requested-chassis=host1,host2',
  );
  await send('port.deactivate', { instanceId: 'i1' });
  expect(await central.nbctl('lsp-list', 'weft-net3-ls-int')).not.toContain('instance-i1');
});

it('peers, ACLs, forwards and routes come and go', async () => {
  const rule = {
    action: 'allow',
    source: '@blue/to-red',
    destination: '',
    protocol: 'tcp',
    source_port: '',
    destination_port: '22',
    icmp_type: '',
    icmp_code: '',
    description: '',
    state: '',
  };
  const peer = { description: '', config: {}, targetProject: '' };
  await send('network-peer.create', { ...peer, network: 'blue', name: 'to-red', targetNetwork: 'red' });
  expect(await central.nbctl('lr-route-list', 'weft-net3-lr')).not.toContain('10.2.2.0/24');
  await send('network-acl.create', { name: 'web', description: '', config: {}, ingress: [rule], egress: [] });
  await activate(2, 'blue', { 'security.acls': 'web', 'ipv4.routes.external': '198.51.100.8/32' });
  await send('network-peer.create', { ...peer, network: 'red', name: 'to-blue', targetNetwork: 'blue' });
  expect(await central.nbctl('lr-route-list', 'weft-net3-lr')).toContain('10.2.2.0/24');
  expect(await central.nbctl('lr-route-list', 'weft-net4-lr')).toContain('198.51.100.8');
  expect(await central.nbctl('acl-list', 'weft_acl1')).toContain('weft_net4_routes_ip4');
  const ports = [{ description: '', protocol: 'tcp', listen_port: '80', target_port: '8080', target_address: '10.1.1.9' }];
  await send('network-forward.create', { network: 'blue', listenAddress: '198.51.100.20', description: '', config: {}, ports });
  expect(await central.nbctl('lr-lb-list', 'weft-net3-lr')).toContain('198.51.100.20:80');
  await send('network-peer.delete', { network: 'blue', name: 'to-red' }).catch((error: Error) => expect(error.message).toContain('in use'));
  await send('network-acl.update', { name: 'web', mode: 'replace', ingress: [], egress: [] });
  await send('network-peer.delete', { network: 'blue', name: 'to-red' });
  expect(await central.nbctl('lr-route-list', 'weft-net4-lr')).not.toContain('10.1.1.0/24');
  await send('port.remove', { instanceId: 'i2' });
  expect(await central.nbctl('--bare', '--columns=name', 'list', 'Port_Group')).not.toContain('weft_acl1');
});

it('nothing of that was drift', async () => {
  expect(await events('NetworkDriftFound')).toEqual([]);
});

it('what others do to our rows is reported and mended, theirs stay', async () => {
  await activate(3, 'red');
  await central.nbctl('ls-add', 'foreign', '--', 'lsp-del', 'weft-net4-instance-i3-eth0', '--', 'lr-nat-del', 'weft-net4-lr');
  await eventually(async () => (await central.nbctl('lsp-list', 'weft-net4-ls-int')).includes('weft-net4-instance-i3-eth0'), { timeoutMs: 5_000 });
  await eventually(async () => (await events('NetworkRepaired')).length > 0, { timeoutMs: 5_000 });
  expect(await events('NetworkRepaired')).toMatchObject([{ name: 'red', total: 2 }]);
  expect((await events('NetworkDriftFound'))[0]).toMatchObject({ name: 'red', total: 2 });
  expect(await central.nbctl('lr-nat-list', 'weft-net4-lr')).toContain('snat');
  expect(await central.nbctl('ls-list')).toContain('foreign');
});

it('a crash of OVN is ridden out: changes are refused before anything is written, and go on after it', async () => {
  await central.kill9('nb');
  await expect(send('network.create', ovn('late'))).rejects.toMatchObject({ code: 'network.unavailable' });
  await central.startDatabase('nb');
  await eventually(() => send('network.update', { name: 'red', mode: 'merge', config: { 'user.a': 'b' } }).then(() => true), { timeoutMs: 30_000 });
  await central.kill9('northd');
  const change = activate(4, 'blue');
  central.startNorthd();
  expect(await change).toMatchObject({ ports: { eth0: { network: 'blue' } } });
});

it('a restart finds what was missed', async () => {
  await running.close();
  await central.nbctl('lr-del', 'weft-net4-lr');
  running = await start();
  await reachable();
  await eventually(async () => (await central.nbctl('lr-list')).includes('weft-net4-lr'), { timeoutMs: 20_000 });
});

it('networks leave nothing behind', async () => {
  for (const n of [1, 2, 3, 4]) await send('port.remove', { instanceId: `i${n}` });
  for (const name of ['blue', 'red', 'default']) await send('network.delete', { name });
  for (const table of ['Logical_Router', 'Logical_Switch_Port', 'Port_Group', 'Address_Set', 'DHCP_Options', 'Load_Balancer', 'HA_Chassis_Group', 'DNS']) {
    expect(`${table}: ${await central.nbctl('--bare', '--columns=_uuid', 'list', table)}`).toBe(`${table}: `);
  }
  expect(await central.nbctl('ls-list')).toContain('foreign');
});
