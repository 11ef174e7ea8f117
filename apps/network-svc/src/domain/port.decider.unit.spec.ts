import type { PortEvent } from '@weft/contracts';
import type { NicNetwork } from './nic.config';
import { bind, boundNicOf, decidePorts, removal, type PortsCommand } from './port.decider';
import { portFold, type LivePort } from './port.state';

const blue: NicNetwork = {
  networkId: 'n1',
  project: 'default',
  name: 'blue',
  number: 4,
  type: 'ovn',
  config: { 'ipv4.address': '10.1.1.1/29', 'ipv6.address': 'fd42:1:1:1::1/64', 'bridge.mtu': '1442' },
  uplink: { id: 'u', name: 'UPLINK', config: { 'ipv4.routes': '198.51.100.0/24' } },
  taken: ['10.1.1.2'],
  announced: ['198.51.100.20', '198.51.100.64/26'],
  acls: ['web'],
  allowedSubnets: undefined,
};
const red: NicNetwork = { ...blue, networkId: 'n2', name: 'red', number: 5, taken: [], config: { 'ipv4.address': '10.9.0.1/24' } };
const nic = { type: 'nic', network: 'blue', hwaddr: '00:16:3e:9d:d1:18' };
const command = (nics: PortsCommand['nics'], extra: Partial<PortsCommand> = {}): PortsCommand => ({
  instance: { instanceId: 'i1', instanceName: 'c1', project: 'default', type: 'container' },
  nics,
  present: [],
  networks: new Map([
    ['blue', blue],
    ['red', red],
  ]),
  member: undefined,
  ...extra,
});
const typesOf = (changes: { events: PortEvent[] }[]) => changes.flatMap(({ events }) => events.map(({ type }) => type));
/** Ports as the log has them after a command. */
const after = (given: PortsCommand): LivePort[] => {
  const { changes } = decidePorts(given);
  const states = new Map(given.present.map((port) => [port.portId, port as LivePort | { status: 'none' }]));
  for (const { portId, events } of changes) states.set(portId, events.reduce(portFold.evolve, states.get(portId) ?? portFold.initial) as LivePort);
  return [...states.values()].filter((port): port is LivePort => port.status !== 'none');
};

it('a NIC gets the first free IPv4 address, EUI-64 and a name', () => {
  const [port] = after(command({ eth0: nic }));
  expect(port).toMatchObject({
    addresses: { ipv4: ['10.1.1.3'], ipv6: ['fd42:1:1:1:216:3eff:fe9d:d118'] },
    guestName: 'eth0',
    interfaceId: 'weft-net4-instance-i1-eth0',
    status: 'defined',
  });
  expect(boundNicOf(port!, blue.config, undefined)).toMatchObject({ mtu: 1442, addresses: ['10.1.1.3/29', 'fd42:1:1:1:216:3eff:fe9d:d118/64'] });
});

it('keeps its address, and the same again changes nothing', () => {
  const present = after(command({ eth0: nic }));
  expect(decidePorts(command({ eth0: nic }, { present })).changes).toEqual([]);
  const active = after(command({ eth0: nic }, { present, member: 'host1' }));
  expect(active).toMatchObject([{ status: 'active', members: ['host1'], addresses: { ipv4: ['10.1.1.3'] } }]);
  expect(decidePorts(command({ eth0: nic }, { present: active, member: 'host1' })).changes).toEqual([]);
  expect(typesOf(decidePorts(command({ eth0: nic }, { present: active, member: 'host2' })).changes)).toEqual(['PortActivated']);
});

it('two NICs of one instance do not get one address', () => {
  const ports = after(command({ eth0: nic, other: { ...nic, hwaddr: '00:16:3e:00:00:02' } }));
  expect(ports.map(({ addresses }) => addresses.ipv4[0])).toEqual(['10.1.1.3', '10.1.1.4']);
  expect(ports.map(({ guestName }) => guestName)).toEqual(['eth0', 'eth1']);
});

it('moves to another network and goes when its device does', () => {
  const present = after(command({ eth0: nic }, { member: 'host1' }));
  expect(typesOf(decidePorts(command({ eth0: { ...nic, network: 'red' } }, { present })).changes)).toEqual(['PortDeactivated', 'PortRemoved', 'PortDefined']);
  expect(typesOf(decidePorts(command({}, { present })).changes)).toEqual(['PortDeactivated', 'PortRemoved']);
  expect(removal(present[0]!)).toHaveLength(2);
});

it('a range that is used up says so', () => {
  const taken = ['10.1.1.2', '10.1.1.3', '10.1.1.4', '10.1.1.5', '10.1.1.6'];
  const networks = new Map([['blue', { ...blue, taken }]]);
  expect(() => decidePorts(command({ eth0: nic }, { networks }))).toThrow(expect.objectContaining({ code: 'network.exhausted' }));
});

it('an address from ipv4.dhcp.ranges; none without DHCP', () => {
  const withConfig = (config: object) => after(command({ eth0: nic }, { networks: new Map([['blue', { ...blue, config: { ...blue.config, ...config } }]]) }));
  expect(withConfig({ 'ipv4.dhcp.ranges': '10.1.1.5-10.1.1.6' })[0]?.addresses.ipv4).toEqual(['10.1.1.5']);
  expect(withConfig({ 'ipv4.dhcp': 'false' })[0]?.addresses.ipv4).toEqual([]);
});

it.each<[object, string]>([
  [{ 'ipv4.address': '10.1.1.2' }, 'is in use by another NIC'],
  [{ 'ipv4.address': '10.1.1.1' }, 'belongs to network "blue" itself'],
  [{ 'ipv4.address': '10.8.1.1' }, 'not within network "blue" subnet'],
  [{ 'ipv6.address': 'fd42:1:1:1::9' }, '"ipv6.dhcp.stateful" is not enabled'],
  [{ 'ipv4.address': 'x' }, 'Not an IPv4 address'],
  [{ network: 'nosuch' }, 'Network "nosuch" does not exist in this project'],
  [{ network: '' }, 'A managed network is needed'],
  [{ acceleration: 'sriov' }, 'use acceleration=none'],
  [{ 'security.acls': 'web,nosuch' }, 'Network ACL "nosuch" does not exist'],
  [{ 'ipv4.routes.external': '203.0.113.0/24' }, "doesn't contain"],
  [{ 'ipv4.routes.external': '198.51.100.128/25' }, 'use subnets of /26 or smaller'],
  [{ 'ipv4.routes.external': '198.51.100.20/32' }, 'overlaps with another network or NIC'],
  [{ 'ipv4.routes.external': '198.51.100.65/32' }, 'overlaps with another network or NIC'],
  [{ 'limits.ingress': 'fast' }, 'give a rate'],
  [{ hwaddr: 'x' }, 'Invalid MAC'],
  [{ mtu: '1400' }, 'Cannot use "mtu" property in conjunction with "network" property'],
  [{ colour: 'red' }, 'Invalid device option "colour"'],
])('refuses %j', (options, words) => {
  expect(() => decidePorts(command({ eth0: { ...nic, ...options } }))).toThrow(words);
});

it('is bound on two members while it moves, if it is active', () => {
  const [active] = after(command({ eth0: nic }, { member: 'host1' }));
  expect(bind(active!, ['host1', 'host2'])).toMatchObject([{ type: 'PortBound' }]);
  expect(bind(active!, ['host1'])).toEqual([]);
  const [defined] = after(command({ eth0: nic }));
  expect(() => bind(defined!, ['host1'])).toThrow(expect.objectContaining({ code: 'instance.wrong-status' }));
});
