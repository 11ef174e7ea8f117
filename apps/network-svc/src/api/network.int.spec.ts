import { startPostgres, type TestPostgres } from '@weft/testing';
import { expectFoldEqualsRows } from '@weft/event-store';
import { projections } from '../projections/projections';
import { peer } from '../testing/bodies';
import { ovn, startNetworkService, uplink, type NetworkService } from '../testing/network-service';

let postgres: TestPostgres;
let service: NetworkService;
const RESTRICTED = { actor: { protocol: 'tls' as const, username: 'f', address: '', projects: ['web'] }, project: 'web' };
const nic = (extra: object = {}) => ({ type: 'nic', network: 'blue', hwaddr: '00:16:3e:9d:d1:18', ...extra });
const c1 = { instanceId: 'i1', instanceName: 'c1', type: 'container' as const };

beforeAll(async () => {
  postgres = await startPostgres();
  service = await startNetworkService(postgres.url);
  await service.project('web', { 'features.networks': 'true' });
  await service.project('shared', { 'features.networks': 'false' });
}, 60_000);
afterAll(async () => {
  await service.close();
  await postgres.stop();
});

describe('networks', () => {
  it('are created, shown as LXD shows them, and settled in OVN before the reply', async () => {
    await service.send('network.create', uplink());
    await service.send('network.create', ovn('blue', { 'ipv4.address': '10.1.1.1/24', 'ipv4.nat': 'true', 'ipv6.address': 'none' }));
    expect(await service.doc('network_v1', { project: 'default', name: 'blue' })).toEqual({
      config: {
        'bridge.mtu': '1442',
        'ipv4.address': '10.1.1.1/24',
        'ipv4.nat': 'true',
        'ipv6.address': 'none',
        network: 'UPLINK',
        'volatile.network.ipv4.address': '192.0.2.100',
      },
      description: '',
      name: 'blue',
      type: 'ovn',
      used_by: [],
      managed: true,
      status: 'Created',
      locations: ['none'],
    });
    expect(await service.doc('network_v1', { project: 'shared', name: 'UPLINK' })).toMatchObject({ used_by: [] });
    expect(await service.doc('network_v1', { project: 'default', name: 'UPLINK' })).toMatchObject({ used_by: ['/1.0/networks/blue'] });
    expect(service.settled).toHaveLength(2);
  });

  it('refuse a taken name, an unknown uplink and the deletion of what is used', async () => {
    await expect(service.send('network.create', ovn('blue'))).rejects.toMatchObject({ code: 'network.exists' });
    await expect(service.send('network.create', ovn('x', { network: 'NOPE' }))).rejects.toMatchObject({
      message: 'Option "network" value "NOPE" is not one of the allowed uplink networks in project',
    });
    await expect(service.send('network.delete', { name: 'UPLINK' })).rejects.toMatchObject({ code: 'network.in-use' });
    await expect(service.send('network.delete', { name: 'nosuch' })).rejects.toMatchObject({ code: 'network.not-found' });
  });

  it('twelve at once get different numbers and external addresses', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => service.send('network.create', ovn(`many${n}`))));
    const { rows } = await service.pool.query<{ numbers: number; addresses: number }>(
      `SELECT count(DISTINCT number)::int AS numbers, count(DISTINCT config ->> 'volatile.network.ipv4.address')::int AS addresses FROM network WHERE name LIKE 'many%'`,
    );
    expect(rows[0]).toEqual({ numbers: 12, addresses: 12 });
    for (let n = 0; n < 12; n++) await service.send('network.delete', { name: `many${n}` });
  });

  it('ask for zones once, and keep an uplink from losing what routers on it have', async () => {
    await service.send('network.update', { name: 'blue', mode: 'merge', config: { 'dns.zone.forward': 'lab.example' } });
    await service.send('network.update', { name: 'blue', mode: 'merge', config: { 'user.a': 'b' } });
    expect(service.zones).toEqual([{ name: 'lab.example', kind: 'forward' }]);
    await service.send('network.update', { name: 'blue', mode: 'merge', config: { 'dns.zone.forward': 'lab.example, other.example' } });
    expect(service.zones.slice(1)).toEqual([{ name: 'other.example', kind: 'forward' }]);
    await expect(
      service.send('network.update', { name: 'blue', mode: 'merge', config: { 'dns.zone.forward': 'a.example,b,a.example' } }),
    ).rejects.toMatchObject({
      message: 'Invalid value for network option "dns.zone.forward": zone "a.example" is named twice',
    });
    const change = { name: 'UPLINK', mode: 'merge' as const, config: { 'ipv4.ovn.ranges': '192.0.2.150-192.0.2.160' } };
    await expect(service.send('network.update', change)).rejects.toMatchObject({ code: 'network.in-use' });
  });

  it('get an external address when their uplink begins to have that family', async () => {
    for (const name of ['six', 'seven']) await service.send('network.create', ovn(name, { 'ipv4.address': 'none' }));
    await service.send('network.update', { name: 'UPLINK', mode: 'merge', config: { 'ipv6.gateway': '2001:db8::1/64' } });
    await service.send('network.update', { name: 'UPLINK', mode: 'merge', config: { 'ipv6.ovn.ranges': '2001:db8::100-2001:db8::1ff' } });
    const external = async (name: string) => (await service.doc('network_v1', { project: 'default', name }))?.config;
    expect(await external('six')).toMatchObject({ 'ipv6.nat': 'true', 'volatile.network.ipv6.address': '2001:db8::100' });
    expect(await external('seven')).toMatchObject({ 'volatile.network.ipv6.address': '2001:db8::101' });
    expect(await external('blue')).not.toHaveProperty(['volatile.network.ipv6.address']);
    for (const name of ['six', 'seven']) await service.send('network.delete', { name });
    await service.send('network.update', { name: 'UPLINK', mode: 'replace', config: uplink().config });
  });

  it('belong to their project: others may not change them', async () => {
    await expect(service.send('network.update', { name: 'blue', mode: 'merge', config: {} }, { ...RESTRICTED, project: 'shared' })).rejects.toMatchObject({
      code: 'auth.forbidden',
    });
    await service.send('network.create', ovn('red', { 'ipv4.address': '10.2.2.1/24', 'ipv4.nat': 'true', 'ipv6.address': 'none' }), RESTRICTED);
    expect(await service.doc('network_v1', { project: 'web', name: 'red' })).toMatchObject({ name: 'red' });
    expect(await service.doc('network_v1', { project: 'default', name: 'red' })).toBeUndefined();
    await expect(service.send('network.create', ovn('x'), { project: 'nosuch' })).rejects.toMatchObject({ code: 'project.not-found' });
  });
});

describe('ports', () => {
  it('get addresses that last while the instance is stopped, and leases', async () => {
    const defined = await service.port('port.define', { ...c1, nics: { eth0: nic() } });
    expect(defined).toMatchObject({ ports: { eth0: { addresses: ['10.1.1.2/24'], guestName: 'eth0', mtu: 1442, network: 'blue' } } });
    expect(await service.port('port.activate', { ...c1, member: 'host1', nics: { eth0: nic() } })).toEqual(defined);
    await service.port('port.deactivate', { instanceId: 'i1' });
    await service.port('port.deactivate', { instanceId: 'i1' });
    expect(await service.port('port.activate', { ...c1, member: 'host2', nics: { eth0: nic() } })).toEqual(defined);
    expect(await service.docs('network_lease_v1', { project: 'default', network: 'blue' })).toEqual([
      { hostname: 'blue.gw', hwaddr: '', address: '10.1.1.1', type: 'gateway', location: '' },
      { hostname: 'c1', hwaddr: '00:16:3e:9d:d1:18', address: '10.1.1.2', type: 'dynamic', location: 'host2' },
    ]);
    expect(await service.doc('network_v1', { project: 'default', name: 'blue' })).toMatchObject({ used_by: ['/1.0/instances/c1'] });
  });

  it('that are new are left to the host that plugs them in; a change of one that is there is waited for', async () => {
    const { settled, begun } = service;
    const activate = async (options: object): Promise<[number, number]> => {
      const before = [settled.length, begun.length] as const;
      await service.port('port.activate', { ...c1, instanceId: 'i2', member: 'host1', nics: { eth0: nic({ hwaddr: '00:16:3e:00:00:92', ...options }) } });
      return [settled.length - before[0], begun.length - before[1]];
    };
    expect(await activate({})).toEqual([1, 1]);
    expect(await activate({ 'limits.max': '10Mbit' })).toEqual([1, 0]);
    await service.port('port.deactivate', { instanceId: 'i2' });
    expect(await activate({ 'limits.max': '10Mbit' })).toEqual([1, 1]);
    await service.port('port.deactivate', { instanceId: 'i2' });
    // Other hosts need to know the way.
    expect(await activate({ 'ipv4.routes': '10.88.0.0/24' })).toEqual([1, 0]);
    await service.port('port.remove', { instanceId: 'i2' });
  });

  it('of many instances at once get different addresses', async () => {
    const ids = Array.from({ length: 16 }, (_, n) => `many${n}`);
    await Promise.all(
      ids.map((id, n) =>
        service.port('port.define', {
          instanceId: id,
          instanceName: id,
          type: 'container',
          nics: { eth0: nic({ hwaddr: `00:16:3e:00:00:${n.toString(16).padStart(2, '0')}` }) },
        }),
      ),
    );
    const { rows } = await service.pool.query<{ count: number }>(`SELECT count(DISTINCT address)::int AS count FROM port_address`);
    expect(rows[0]!.count).toBe(17);
    await Promise.all(ids.map((instanceId) => service.port('port.remove', { instanceId })));
  });

  it('are checked before anything is written, and only services speak of them', async () => {
    const check = (nics: Record<string, Record<string, string>>) => service.port('port.check', { instanceName: 'c9', type: 'container', nics });
    await expect(check({ eth0: nic({ network: 'nosuch' }) })).rejects.toMatchObject({ code: 'device.invalid' });
    await expect(check({ eth0: nic({ 'ipv4.address': '10.1.1.2' }) })).rejects.toMatchObject({ message: expect.stringContaining('in use by another NIC') });
    await expect(check({ eth0: nic({ 'ipv4.address': '10.1.1.77' }) })).resolves.toEqual({});
    await expect(service.send('port.remove', { instanceId: 'i1' })).rejects.toMatchObject({ code: 'auth.forbidden' });
  });

  it('follow when their network gets another subnet, unless they are static', async () => {
    await service.send('network.update', { name: 'blue', mode: 'merge', config: { 'ipv4.address': '10.1.9.1/24' } });
    expect(await service.docs('network_lease_v1', { project: 'default', network: 'blue' })).toMatchObject([{ address: '10.1.9.1' }, { address: '10.1.9.2' }]);
    await service.port('port.define', { ...c1, nics: { eth0: nic({ 'ipv4.address': '10.1.9.9' }) } });
    const back = service.send('network.update', { name: 'blue', mode: 'merge', config: { 'ipv4.address': '10.1.1.1/24' } });
    await expect(back).rejects.toMatchObject({ code: 'network.in-use' });
    await expect(service.send('network.delete', { name: 'blue' })).rejects.toMatchObject({ code: 'network.in-use' });
  });
});

describe('ACLs and forwards', () => {
  const rule = {
    action: 'allow',
    source: '',
    destination: '',
    protocol: '',
    source_port: '',
    destination_port: '',
    icmp_type: '',
    icmp_code: '',
    description: '',
    state: '',
  };

  it('an ACL shows who uses it, settles where it is used, and stays meanwhile', async () => {
    await service.send('network-acl.create', { name: 'web', description: '', config: {}, ingress: [rule], egress: [] });
    await service.port('port.define', { ...c1, nics: { eth0: nic({ 'security.acls': 'web' }) } });
    service.settled.length = 0;
    await service.send('network-acl.update', { name: 'web', mode: 'merge', ingress: [{ ...rule, protocol: 'tcp', destination_port: '22' }] });
    expect(service.settled).toMatchObject([{ acls: [expect.any(String)] }]);
    expect(await service.doc('network_acl_v1', { project: 'default', name: 'web' })).toEqual({
      name: 'web',
      description: '',
      egress: [],
      ingress: [{ action: 'allow', protocol: 'tcp', destination_port: '22', state: 'enabled' }],
      config: {},
      used_by: ['/1.0/instances/c1'],
    });
    await expect(service.send('network-acl.delete', { name: 'web' })).rejects.toMatchObject({ code: 'network-acl.in-use' });
  });

  it('a forward has its address for itself', async () => {
    const forward = { network: 'blue', listenAddress: '198.51.100.20', description: '', config: {}, ports: [] };
    await service.send('network-forward.create', forward);
    await expect(service.send('network-forward.create', forward)).rejects.toMatchObject({ code: 'network-forward.exists' });
    await expect(service.send('network-forward.create', { ...forward, network: 'red' }, RESTRICTED)).rejects.toMatchObject({ code: 'network-address.exists' });
    const ports = [{ description: '', protocol: 'tcp', listen_port: '80', target_port: '', target_address: '10.1.9.9' }];
    await service.send('network-forward.update', { network: 'blue', listenAddress: '198.51.100.20', mode: 'replace', ports });
    expect(await service.doc('network_forward_v1', { project: 'default', network: 'blue' })).toMatchObject({
      listen_address: '198.51.100.20',
      ports,
      location: '',
    });
  });
});

describe('peers', () => {
  const shown = (project: string, network: string) => service.docs('network_peer_v1', { project, network });

  it('need both sides, across projects, and settle both networks', async () => {
    expect(await service.send('network-peer.create', peer('blue', 'to-red', 'red', 'web'))).toEqual({ status: 'Pending' });
    expect(await shown('default', 'blue')).toMatchObject([{ status: 'Pending', target_project: 'web', target_network: 'red' }]);
    service.settled.length = 0;
    expect(await service.send('network-peer.create', peer('red', 'to-blue', 'blue', 'default'), RESTRICTED)).toEqual({ status: 'Created' });
    expect(service.settled).toMatchObject([{ pairings: [expect.any(String)] }]);
    expect(await service.doc('network_v1', { project: 'web', name: 'red' })).toMatchObject({ used_by: ['/1.0/networks/blue'] });
    await expect(service.send('network.delete', { name: 'red' }, RESTRICTED)).rejects.toMatchObject({ code: 'network.in-use' });
  });

  it('show an error when the other has gone, and heal in any order', async () => {
    await service.send('network-peer.delete', { network: 'blue', name: 'to-red' });
    expect(await shown('web', 'red')).toMatchObject([{ name: 'to-blue', status: 'Errored', target_project: '', target_network: '' }]);
    expect(await service.send('network-peer.create', peer('red', 'again', 'blue', 'default'), RESTRICTED)).toEqual({ status: 'Pending' });
    expect(await service.send('network-peer.create', peer('blue', 'to-red', 'red', 'web'))).toEqual({ status: 'Created' });
    await service.send('network-peer.delete', { network: 'red', name: 'to-blue' }, RESTRICTED);
    expect(await shown('web', 'red')).toMatchObject([{ name: 'again', status: 'Created' }]);
  });

  it('say nothing about a target that is not there', async () => {
    expect(await service.send('network-peer.create', peer('blue', 'nowhere', 'nosuch', 'noproject'))).toEqual({ status: 'Pending' });
    await expect(service.send('network-peer.create', peer('blue', 'self', 'blue'))).rejects.toMatchObject({ message: 'Cannot peer a network with itself' });
    await expect(service.send('network-peer.create', peer('blue', 'to-red', 'other'))).rejects.toMatchObject({ code: 'network-peer.exists' });
  });

  it('both at once make one pair', async () => {
    for (const name of ['p1', 'p2']) await service.send('network.create', ovn(name));
    const replies = await Promise.all([service.send('network-peer.create', peer('p1', 'x', 'p2')), service.send('network-peer.create', peer('p2', 'x', 'p1'))]);
    expect(replies).toEqual(expect.arrayContaining([{ status: 'Pending' }, { status: 'Created' }]));
  });

  it('come in groups: one call joins a network to all others', async () => {
    await service.send('network.create', ovn('p3'));
    const networks = ['p1', 'p2'].map((network) => ({ project: 'default', network }));
    await service.send('network-peer-group.create', { name: 'mesh', description: '', config: {}, networks });
    await service.send('network-peer-group.join', { name: 'mesh', project: 'default', network: 'p3' });
    expect(await service.doc('network_peer_group_v1', { project: 'default', name: 'mesh' })).toMatchObject({
      networks: ['default/p1', 'default/p2', 'default/p3'],
    });
    expect((await shown('default', 'p3')).map(({ status }) => status)).toEqual(['Created', 'Created']);
    await service.send('network-peer-group.leave', { name: 'mesh', project: 'default', network: 'p3' });
    expect(await shown('default', 'p3')).toEqual([]);
    await service.send('network-peer-group.delete', { name: 'mesh' });
    expect(await shown('default', 'p1')).toMatchObject([{ name: 'x', status: 'Created' }]);
  });
});

it('tell what lives in a project', async () => {
  expect(await service.port('network.project-usage', { project: 'web' })).toEqual({ usedBy: ['/1.0/networks/red?project=web'] });
});

describe('replay(log) = rows', () => {
  it.each([...projections])('$name', async (projection) => {
    await expectFoldEqualsRows(service.store, projection);
  });
});
