/** Networks, peers, ACLs and forwards with real packets, between three hosts in namespaces, by the stock client. */
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { eventually } from '@weft/testing';
import { offeredAddress } from './dhcpv6';
import { networkFaults } from './network-faults';
import { networkMembers } from './network-members';
import { networkWorld } from './network-world';
import { startPlatform, type Platform } from './platform';

jest.setTimeout(240_000);

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ members: 3 });
}, 300_000);
afterAll(() => platform.stop(), 120_000);

const world = networkWorld(() => platform);
const { ok, refused, launch, addressOf, reaches } = world;

describe('the network that is there from the start', () => {
  let c1: string;
  let c2: string;
  beforeAll(async () => {
    await Promise.all([launch('c1', '--target', 'host1'), launch('c2', '--target', 'host2')]);
    [c1, c2] = await Promise.all([addressOf('c1'), addressOf('c2')]);
  });

  it('gives an instance an address, a gateway and a name at once', async () => {
    expect(await ok('exec', 'c1', '--', 'ip', 'route')).toContain('default via');
    // It fails in the end: there is no AAAA.
    expect((await platform.lxc(['exec', 'c1', '--', 'nslookup', 'c2.lxd'])).stdout).toContain(c2);
    expect(await reaches('c1', 'c2.lxd')).toBe(true);
    expect(await ok('network', 'list-leases', 'default')).toMatch(new RegExp(`c1 .*${c1.replaceAll('.', '\\.')} .*DYNAMIC.*host1`));
    expect(await ok('network', 'show', 'default')).toContain('- /1.0/instances/c1');
    expect(await ok('network', 'info', 'default')).toContain('Chassis: host');
  });

  it('joins instances on different hosts, and a virtual machine', async () => {
    expect(await reaches('c1', c2)).toBe(true);
    await platform.ok(['launch', 'tiny-vm', 'v1', '--vm', '--target', 'host3'], { timeoutMs: 180_000 });
    const v1 = await addressOf('v1');
    await eventually(() => reaches('c1', v1), { timeoutMs: 90_000, what: 'an answer of the guest, which boots' });
    await ok('delete', '-f', 'v1');
  });

  it('has IPv6 addresses of the MAC, and reaches other hosts and the outside by them', async () => {
    const [six1, six2] = [await addressOf('c1', 'default', 'inet6'), await addressOf('c2', 'default', 'inet6')];
    expect(await ok('list', 'c1', '-c', '6', '-f', 'csv')).toContain(six1);
    expect(await ok('network', 'list-leases', 'default')).toContain(six1);
    expect(await reaches('c1', six2)).toBe(true);
    await world.inNamespace('fabric', 'ip', 'address', 'replace', '2001:db8::9/128', 'dev', 'lo', 'nodad');
    expect(await reaches('c1', '2001:db8::9')).toBe(true);
  });

  it('reaches what is outside, behind one address of the uplink', async () => {
    await world.inNamespace('fabric', 'ip', 'address', 'replace', '203.0.113.9/32', 'dev', 'lo');
    expect(await reaches('c1', '203.0.113.9')).toBe(true);
    const [machine] = Object.entries(networkInterfaces())
      .flatMap(([name, all]) => (name.startsWith('weft') ? [] : (all ?? [])))
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    const server = createServer();
    const source = new Promise<string | undefined>((resolve) =>
      server.once('connection', (socket) => {
        resolve(socket.remoteAddress);
        socket.destroy();
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const { port } = server.address() as { port: number };
    await platform.lxc(['exec', 'c1', '--', 'nc', '-w', '5', machine!.address, String(port)]);
    const seen = await source;
    server.close();
    expect(seen).toBe((await ok('network', 'get', 'default', 'volatile.network.ipv4.address')).trim());
  });

  it("drops what comes from somebody else's address, unless the NIC may", async () => {
    const [other, other6] = [c1.replace(/\d+$/, '77'), (await addressOf('c1', 'default', 'inet6')).replace(/:[0-9a-f]+$/, ':77')];
    await ok('exec', 'c1', '--', 'ip', 'address', 'add', `${other}/24`, 'dev', 'eth0');
    await ok('exec', 'c1', '--', 'ip', 'address', 'add', `${other6}/64`, 'dev', 'eth0');
    const spoofed = (source: string, target: string) =>
      platform.lxc(['exec', 'c1', '--', source.includes(':') ? 'ping6' : 'ping', '-I', source, '-c', '4', '-W', '1', target]);
    const target6 = await addressOf('c2', 'default', 'inet6');
    expect((await spoofed(other, c2)).exitCode).not.toBe(0);
    expect((await spoofed(other6, target6)).exitCode).not.toBe(0);
    // Nor does a guest answer for it.
    expect((await platform.lxc(['exec', 'c2', '--', 'arping', '-c', '3', '-w', '3', '-I', 'eth0', other])).exitCode).not.toBe(0);
    await ok('config', 'device', 'override', 'c1', 'eth0', 'security.ipv4_filtering=false', 'security.ipv6_filtering=false');
    expect((await spoofed(other, c2)).exitCode).toBe(0);
    expect((await spoofed(other6, target6)).exitCode).toBe(0);
    await ok('config', 'device', 'remove', 'c1', 'eth0');
    expect((await spoofed(other, c2)).exitCode).not.toBe(0);
    for (const address of [`${other}/24`, `${other6}/64`]) await ok('exec', 'c1', '--', 'ip', 'address', 'del', address, 'dev', 'eth0');
  });

  it('routes subnets to a NIC from its network and from outside, which may send from them and from no other', async () => {
    const [base = '', last = ''] = /^(.*\.)(\d+)\//.exec(await ok('network', 'get', 'UPLINK', 'ipv4.routes'))!.slice(1);
    const [external, outer] = [`${base}${Number(last) + 16}/30`, `${base}${Number(last) + 17}`];
    const [inner, foreign] = ['10.88.0.1', '10.89.0.1'];
    await ok('network', 'create', 'routed', '--type=ovn', 'network=UPLINK', 'ipv4.address=10.77.0.1/24', 'ipv6.address=none');
    await Promise.all([
      launch('r1', '--network', 'routed', '--target', 'host1', '-d', 'eth0,ipv4.routes=10.88.0.0/24', '-d', `eth0,ipv4.routes.external=${external}`),
      launch('r2', '--network', 'routed', '--target', 'host2'),
    ]);
    const r2 = await addressOf('r2');
    await addressOf('r1');
    for (const address of [inner, foreign, outer]) await ok('exec', 'r1', '--', 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
    const sends = async (source: string) => (await platform.lxc(['exec', 'r1', '--', 'ping', '-I', source, '-c', '4', '-W', '1', r2])).exitCode === 0;
    expect([await reaches('r2', inner), await reaches('r2', outer), await reaches('r2', foreign)]).toEqual([true, true, false]);
    expect([await sends(inner), await sends(outer), await sends(foreign)]).toEqual([true, true, false]);
    expect((await world.inNamespace('fabric', 'ping', '-c', '2', '-W', '2', outer)).stdout).toContain(' 0% packet loss');
    // Rules about what it sends are looked at on the receiver's host, which knows the sender by its addresses.
    await ok('network', 'acl', 'create', 'sends');
    await ok('config', 'device', 'set', 'r1', 'eth0', 'security.acls=sends');
    expect([await sends(inner), await sends(outer)]).toEqual([false, false]);
    await ok('network', 'acl', 'rule', 'add', 'sends', 'egress', 'action=allow', 'protocol=icmp4');
    expect([await sends(inner), await sends(outer), await sends(foreign)]).toEqual([true, true, false]);
    await ok('delete', '-f', 'r1', 'r2');
    await ok('network', 'acl', 'delete', 'sends');
    await ok('network', 'delete', 'routed');
  });

  it("offers the allocated address by DHCPv6, and has the network's MTU", async () => {
    const stateful = ['ipv4.address=none', 'ipv6.address=fd42:66::1/64', 'ipv6.dhcp.stateful=true', 'bridge.mtu=1300'];
    await ok('network', 'create', 'six', '--type=ovn', 'network=UPLINK', ...stateful);
    await launch('s1', '--network', 'six', '-d', 'eth0,ipv6.address=fd42:66::66');
    const { pid, network } = await world.state('s1');
    expect(await offeredAddress(pid, 'eth0', network!.eth0!.hwaddr)).toBe('fd420066000000000000000000000066');
    expect(await ok('exec', 's1', '--', 'ip', 'link', 'show', 'eth0')).toContain('mtu 1300');
    expect(await refused('config', 'device', 'set', 's1', 'eth0', 'mtu=1400')).toContain('Cannot use "mtu" property in conjunction with "network"');
    await ok('delete', '-f', 's1');
    await ok('network', 'delete', 'six');
  });

  it('keeps to ACLs, as they change', async () => {
    await ok('network', 'acl', 'create', 'web');
    await ok('config', 'device', 'override', 'c1', 'eth0', 'security.acls=web');
    expect(await reaches('c2', c1)).toBe(false);
    await ok('network', 'acl', 'rule', 'add', 'web', 'ingress', 'action=allow', 'protocol=icmp4');
    expect(await reaches('c2', c1)).toBe(true);
    expect(await reaches('c1', c2)).toBe(false);
    await ok('network', 'acl', 'rule', 'add', 'web', 'egress', 'action=allow', 'protocol=icmp4', 'state=logged');
    expect(await reaches('c1', c2)).toBe(true);
    const logged = async () => (await ok('network', 'acl', 'show-log', 'web')).includes(`"proto":"icmp","src":"${c1}","dst":"${c2}"`);
    await eventually(logged, { timeoutMs: 30_000, what: 'the packets in the log' });
    await ok('network', 'acl', 'rule', 'remove', 'web', 'ingress', 'protocol=icmp4');
    await ok('network', 'acl', 'rule', 'add', 'web', 'ingress', 'action=allow', 'source=@internal');
    expect(await reaches('c2', c1)).toBe(true);
    expect(await refused('network', 'acl', 'delete', 'web')).toContain('in use');
    await ok('config', 'device', 'remove', 'c1', 'eth0');
    await ok('network', 'acl', 'delete', 'web');
    expect(await reaches('c1', c2)).toBe(true);
  });

  it('plugs NICs into what runs, and out of it', async () => {
    await ok('network', 'attach', 'default', 'c2', 'lan');
    const interfaces = () => platform.ok(['exec', 'c2', '--', 'ip', 'link']);
    expect(await interfaces()).toContain('eth1');
    await ok('network', 'detach', 'default', 'c2', 'lan');
    expect(await interfaces()).not.toContain('eth1');
    expect(await reaches('c2', c1)).toBe(true);
  });
});

describe('peers', () => {
  const PEER = ['--project', 'tenant-b'];
  let blue: string;
  let red: string;
  beforeAll(async () => {
    await ok('project', 'create', 'tenant-b', '-c', 'features.networks=true', '-c', 'features.images=false', '-c', 'features.profiles=false');
    await ok('network', 'create', 'blue', '--type=ovn', 'network=UPLINK', 'ipv4.address=10.10.0.1/24');
    await ok('network', 'create', 'red', '--type=ovn', ...PEER, 'ipv4.address=10.20.0.1/24');
    await Promise.all([launch('b1', '--network', 'blue', '--target', 'host1'), launch('r1', '--network', 'red', ...PEER, '--target', 'host3')]);
    [blue, red] = await Promise.all([addressOf('b1'), addressOf('r1', 'tenant-b')]);
  });

  /** What OVN says of a packet's way (ovn-trace(8)). */
  const traced = async (from: string, to: string): Promise<string> => {
    const hwaddr = async (name: string, project: string[] = []) => (await ok('config', 'get', name, 'volatile.eth0.hwaddr', ...project)).trim();
    const find = (column: string, ...where: string[]) => world.nbctl('--bare', `--columns=${column}`, 'find', ...where);
    const [source, target] = [await hwaddr(from), await hwaddr(to, PEER)];
    const ports = (await find('name,addresses', 'Logical_Switch_Port', 'type=""')).split('\n\n').map((row) => row.split('\n'));
    const port = ports.find(([, addresses]) => addresses?.includes(source))![0]!;
    expect(ports.some(([, addresses]) => addresses?.includes(target))).toBe(true);
    const network = /weft-net\d+/.exec(port)![0];
    const router = await find('mac', 'Logical_Router_Port', `name=${network}-lr-lrp-int`);
    const packet = `inport == "${port}" && eth.src == ${source} && eth.dst == ${router.trim()} && ip4.src == ${blue} && ip4.dst == ${red} && ip.ttl == 64 && icmp4.type == 8`;
    return world.trace('--summary', `${network}-ls-int`, packet);
  };

  const pair = async (order: 'blue first' | 'red first') => {
    const sides = [
      ['network', 'peer', 'create', 'blue', 'to-red', 'tenant-b/red'],
      ['network', 'peer', 'create', 'red', 'to-blue', 'default/blue', ...PEER],
    ];
    const [first = [], second = []] = order === 'blue first' ? sides : sides.reverse();
    expect(await ok(...first)).toContain('pending');
    expect(await reaches('b1', red)).toBe(false);
    expect(await ok(...second)).toContain('created');
  };

  it('reach each other across projects and hosts, and never by the uplink', async () => {
    await pair('blue first');
    expect(await reaches('b1', red)).toBe(true);
    expect(await reaches('r1', blue, PEER)).toBe(true);
    const route = await ok('exec', 'b1', '--', 'traceroute', '-n', '-m', '4', '-w', '2', red);
    // OVN answers as any of the addresses that a router has on the port: the subnet's, or the one that leads to the resolver.
    expect(route).toMatch(/^ *1 +(10\.10\.0\.1|169\.254\.169\.254) /m);
    expect(route.match(/\d+\.\d+\.\d+\.\d+/g)).toEqual(expect.arrayContaining(['10.20.0.1', red]));
    const way = await traced('b1', 'r1');
    expect([...way.matchAll(/dp="weft-(net\d+-[a-z-]+)"/g)].map(([, datapath]) => datapath?.replace(/\d+/, ''))).toEqual(
      expect.arrayContaining(['net-ls-int', 'net-lr']),
    );
    expect(way).toMatch(/output to "weft-net\d+-instance-/);
    expect(way).not.toMatch(/ls-ext|lrp-ext/);
    const before = await world.uplinkPackets();
    await ok('exec', 'b1', '--', 'ping', '-q', '-c', '200', '-i', '0.02', red);
    expect((await world.uplinkPackets()) - before).toBeLessThan(100);
  });

  it('believe no source but their own', async () => {
    await ok('exec', 'b1', '--', 'ip', 'address', 'add', '10.99.0.1/32', 'dev', 'eth0');
    expect(await reaches('b1', red)).toBe(true);
    expect((await platform.lxc(['exec', 'b1', '--', 'ping', '-I', '10.99.0.1', '-c', '3', '-W', '1', red])).exitCode).not.toBe(0);
    await ok('exec', 'b1', '--', 'ip', 'address', 'del', '10.99.0.1/32', 'dev', 'eth0');
  });

  it.each(['blue first', 'red first'] as const)('end from either side, and begin again: %s', async (order) => {
    const sides = [
      ['network', 'peer', 'delete', 'blue', 'to-red'],
      ['network', 'peer', 'delete', 'red', 'to-blue', ...PEER],
    ];
    const [first = [], second = []] = order === 'blue first' ? sides : sides.reverse();
    await ok(...first);
    expect(await reaches('b1', red)).toBe(false);
    expect(await ok('network', 'peer', 'list', ...(order === 'blue first' ? ['red', ...PEER] : ['blue']))).toContain('ERRORED');
    await ok(...second);
    await pair(order);
    expect(await reaches('b1', red)).toBe(true);
  });

  it('a forward leads from an address of the uplink to an instance, also for whom is no peer', async () => {
    const routes = (await ok('network', 'get', 'UPLINK', 'ipv4.routes')).trim();
    const listen = `${routes.split('/')[0]?.replace(/\d+$/, '')}${Number(routes.split('/')[0]?.split('.')[3]) + 1}`;
    await launch('web', '--target', 'host2');
    await ok('exec', 'web', '--', 'sh', '-c', '(while true; do echo hello | nc -l -p 80; done) >/dev/null 2>&1 &');
    await ok('network', 'forward', 'create', 'default', listen, `target_address=${await addressOf('web')}`);
    const answer = async () => (await platform.lxc(['exec', 'b1', '--', 'nc', '-w', '3', listen, '80'])).stdout;
    await eventually(async () => (await answer()).includes('hello'), { timeoutMs: 30_000 });
    await ok('network', 'forward', 'delete', 'default', listen);
    expect(await answer()).not.toContain('hello');
  });

  it('are refused where they make no sense', async () => {
    expect(await refused('network', 'peer', 'create', 'blue', 'self', 'blue')).toContain('itself');
    expect(await ok('network', 'peer', 'create', 'blue', 'nowhere', 'nope/nothing')).toContain('pending');
    await ok('network', 'peer', 'delete', 'blue', 'nowhere');
    expect(await refused('network', 'peer', 'create', 'UPLINK', 'p', 'blue')).toContain('does not support peering');
    expect(await refused('network', 'delete', 'red', ...PEER)).toContain('in use');
    expect(await refused('project', 'delete', 'tenant-b')).toContain('Only empty projects');
  });
});

describe('a network with a part for each host', () => networkMembers(world));
describe('faults', () => networkFaults(() => platform, world));

it.each([
  [['network', 'create', 'x', '--type=ovn', 'network=NOPE'], 'not one of the allowed uplink networks'],
  [['network', 'create', 'x', '--type=ovn', 'network=UPLINK', 'ipv4.address=banana'], 'ipv4.address'],
  [['network', 'create', 'default', '--type=ovn', 'network=UPLINK'], 'already exists'],
  [['network', 'set', 'default', 'bogus=1'], 'bogus'],
  [['network', 'delete', 'UPLINK'], 'in use'],
  [['network', 'forward', 'create', 'default', '203.0.113.7'], "Uplink network doesn't contain"],
  [['launch', 'tiny', 'z1', '--network', 'nope'], 'Network not found'],
  [['init', 'tiny', 'z1', '-d', 'eth0,ipv4.address=10.1.1.1'], 'not within network'],
  [['init', 'tiny', 'z1', '-d', 'eth0,security.acls=nope'], 'nope'],
  [['init', 'tiny', 'z1', '-d', 'eth0,acceleration=sriov'], 'SR-IOV needs a network card'],
])('refuses lxc %j', async (args, sentence) => {
  expect(await platform.refused(args)).toContain(sentence);
  expect(await platform.refused(['info', 'z1'])).toContain('not found');
});
