/** The service on real databases and a real OVN: what commands promise is there when they reply, and it stays there. */
import { eventually } from '@weft/testing';
import { ovn } from '../testing/network-service';
import { nicOf, RunningService } from '../testing/running-service';

let service: RunningService;

const activate = (n: number, network: string, extra: object = {}) =>
  service.send('port.activate', { instanceId: `i${n}`, instanceName: `c${n}`, type: 'container', member: 'host1', nics: { eth0: nicOf(network, n, extra) } });
const nbctl = (...command: string[]) => service.central.nbctl(...command);

beforeAll(async () => {
  service = await RunningService.start();
}, 120_000);
afterAll(() => service.stop(), 60_000);

it('the first networks are there, in OVN too', async () => {
  const { rows } = await service.running.deps.pool.query<{ name: string }>('SELECT name FROM network ORDER BY number');
  expect(rows.map(({ name }) => name)).toEqual(['UPLINK', 'default']);
  await eventually(async () => (await nbctl('lr-list')).includes('weft-net2-lr'), { timeoutMs: 20_000 });
});

it('what a command has done is in the northbound database when it replies', async () => {
  await service.send('network.create', ovn('blue', { 'ipv4.address': '10.1.1.1/24', 'ipv4.nat': 'true', 'ipv6.address': 'none' }));
  await service.send('network.create', ovn('red', { 'ipv4.address': '10.2.2.1/24', 'ipv4.nat': 'true', 'ipv6.address': 'none' }));
  expect(await activate(1, 'blue')).toMatchObject({ ports: { eth0: { ifaceId: 'weft-net3-instance-i1-eth0', addresses: ['10.1.1.2/24'] } } });
  const binding = ['--bare', '--columns=mac', 'find', 'Port_Binding', 'logical_port=weft-net3-instance-i1-eth0'];
  await eventually(async () => (await service.central.sbctl(...binding)).includes('10.1.1.2'), { timeoutMs: 20_000 });
  expect(await nbctl('--bare', '--columns=options', 'list', 'Logical_Switch_Port', 'weft-net3-instance-i1-eth0')).toContain('requested-chassis=host1');
  await service.send('port.bind', { instanceId: 'i1', members: ['host1', 'host2'] });
  expect(await nbctl('--bare', '--columns=options', 'list', 'Logical_Switch_Port', 'weft-net3-instance-i1-eth0')).toContain('requested-chassis=host1,host2');
  await service.send('port.deactivate', { instanceId: 'i1' });
  expect(await nbctl('lsp-list', 'weft-net3-ls-int')).not.toContain('instance-i1');
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
  await service.send('network-peer.create', { ...peer, network: 'blue', name: 'to-red', targetNetwork: 'red' });
  expect(await nbctl('lr-route-list', 'weft-net3-lr')).not.toContain('10.2.2.0/24');
  await service.send('network-acl.create', { name: 'web', description: '', config: {}, ingress: [rule], egress: [] });
  await activate(2, 'blue', { 'security.acls': 'web', 'ipv4.routes.external': '198.51.100.8/32' });
  await service.send('network-peer.create', { ...peer, network: 'red', name: 'to-blue', targetNetwork: 'blue' });
  expect(await nbctl('lr-route-list', 'weft-net3-lr')).toContain('10.2.2.0/24');
  expect(await nbctl('lr-route-list', 'weft-net4-lr')).toContain('198.51.100.8');
  expect(await nbctl('acl-list', 'weft_acl1')).toContain('weft_net4_routes_ip4');
  const ports = [{ description: '', protocol: 'tcp', listen_port: '80', target_port: '8080', target_address: '10.1.1.9' }];
  await service.send('network-forward.create', { network: 'blue', listenAddress: '198.51.100.20', description: '', config: {}, ports });
  expect(await nbctl('lr-lb-list', 'weft-net3-lr')).toContain('198.51.100.20:80');
  await service.send('network-peer.delete', { network: 'blue', name: 'to-red' }).catch((error: Error) => expect(error.message).toContain('in use'));
  await service.send('network-acl.update', { name: 'web', mode: 'replace', ingress: [], egress: [] });
  await service.send('network-peer.delete', { network: 'blue', name: 'to-red' });
  expect(await nbctl('lr-route-list', 'weft-net4-lr')).not.toContain('10.1.1.0/24');
  await service.send('port.remove', { instanceId: 'i2' });
  expect(await nbctl('--bare', '--columns=name', 'list', 'Port_Group')).not.toContain('weft_acl1');
});

it('nothing of that was drift', async () => {
  expect(await service.events('NetworkDriftFound')).toEqual([]);
});

it('what others do to our rows is reported and mended, theirs stay', async () => {
  await activate(3, 'red');
  await nbctl('ls-add', 'foreign', '--', 'lsp-del', 'weft-net4-instance-i3-eth0', '--', 'lr-nat-del', 'weft-net4-lr');
  await eventually(async () => (await nbctl('lsp-list', 'weft-net4-ls-int')).includes('weft-net4-instance-i3-eth0'), { timeoutMs: 5_000 });
  await eventually(async () => (await service.events('NetworkRepaired')).length > 0, { timeoutMs: 5_000 });
  expect(await service.events('NetworkRepaired')).toMatchObject([{ name: 'red', total: 2 }]);
  expect((await service.events('NetworkDriftFound'))[0]).toMatchObject({ name: 'red', total: 2 });
  expect(await nbctl('lr-nat-list', 'weft-net4-lr')).toContain('snat');
  expect(await nbctl('ls-list')).toContain('foreign');
});

it('a crash of OVN is ridden out: changes are refused before anything is written, and go on after it', async () => {
  await service.central.northbound.kill9();
  await expect(service.send('network.create', ovn('late'))).rejects.toMatchObject({ code: 'network.unavailable' });
  await service.central.northbound.start();
  await eventually(() => service.send('network.update', { name: 'red', mode: 'merge', config: { 'user.a': 'b' } }).then(() => true), { timeoutMs: 30_000 });
  await service.central.killNorthd();
  const change = activate(4, 'blue');
  await service.central.startNorthd();
  expect(await change).toMatchObject({ ports: { eth0: { network: 'blue' } } });
});

it('a restart finds what was missed', async () => {
  await service.restart(async () => void (await nbctl('lr-del', 'weft-net4-lr')));
  await eventually(async () => (await nbctl('lr-list')).includes('weft-net4-lr'), { timeoutMs: 20_000 });
});

it('a change is done when the hosts concerned have its flows; others, and those that are down, are not waited for', async () => {
  const counter = () => nbctl('get', 'NB_Global', '.', 'nb_cfg');
  const reached = (host: string, sequence: string) => service.central.sbctl('set', 'Chassis_Private', host, `nb_cfg=${sequence}`);
  for (const host of ['host1', 'dead', 'elsewhere']) await service.central.sbctl('--id=@h', 'create', 'Chassis_Private', `name=${host}`);
  await service.send('network.create', ovn('wide', { 'ipv4.address': '10.3.3.1/24', 'ipv6.address': 'none' }));
  await activate(5, 'wide');
  const onDeadHost = { instanceId: 'i6', instanceName: 'c6', type: 'container' as const, member: 'dead', nics: { eth0: nicOf('wide', 6) } };
  await service.send('port.activate', onDeadHost);
  await reached('host1', await counter());
  let done = false;
  const change = service.send('network.update', { name: 'wide', mode: 'merge', config: { 'dns.domain': 'late.test' } }).finally(() => (done = true));
  await eventually(async () => (await nbctl('list', 'DHCP_Options')).includes('late.test'), { timeoutMs: 20_000 });
  await eventually(async () => (await nbctl('get', 'NB_Global', '.', 'sb_cfg')) === (await counter()), { timeoutMs: 20_000 });
  expect(done).toBe(false);
  // What ovn-controller does when the flows are in place.
  await reached('host1', await counter());
  await change;
  for (const n of [5, 6]) await service.send('port.remove', { instanceId: `i${n}` });
  await service.send('network.delete', { name: 'wide' });
});

it('networks leave nothing behind', async () => {
  for (const n of [1, 2, 3, 4]) await service.send('port.remove', { instanceId: `i${n}` });
  for (const name of ['blue', 'red', 'default']) await service.send('network.delete', { name });
  for (const table of ['Logical_Router', 'Logical_Switch_Port', 'Port_Group', 'Address_Set', 'DHCP_Options', 'Load_Balancer', 'HA_Chassis_Group', 'DNS']) {
    expect(`${table}: ${await nbctl('--bare', '--columns=_uuid', 'list', table)}`).toBe(`${table}: `);
  }
  expect(await nbctl('ls-list')).toContain('foreign');
});
