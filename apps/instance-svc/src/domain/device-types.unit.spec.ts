import { parseDevices, rootDisk } from './device-types';

const nic = { type: 'nic', network: 'blue' };
const root = { type: 'disk', path: '/', pool: 'default' };

it('takes disks and none, and drops empty options', () => {
  expect(parseDevices({ root: { ...root, size: '' }, eth0: { type: 'none' } })).toEqual({ root, eth0: { type: 'none' } });
});

it('takes NICs of managed networks with the options that LXD has for OVN', () => {
  const options = {
    name: 'eth0',
    hwaddr: '00:16:3e:01:02:03',
    mtu: '1400',
    host_name: 'veth-web',
    'ipv4.address': '10.10.0.5',
    'ipv6.address': 'fd42::5',
    'ipv4.routes': '10.99.0.0/24, 10.98.0.0/24',
    'ipv6.routes.external': '2001:db8::/64',
    'security.acls': 'web,db',
    'security.acls.default.egress.action': 'allow',
    'security.acls.default.egress.logged': 'true',
    'boot.priority': '1',
    'limits.ingress': '100Mbit',
    acceleration: 'none',
  };
  expect(parseDevices({ eth0: { ...nic, ...options } })).toEqual({ eth0: { ...nic, ...options } });
});

it.each([
  [{ eth0: { type: 'nic' } }, 'Missing the required "network" property'],
  [{ eth0: { type: 'nic', nictype: 'bridged', parent: 'br0' } }, 'NICs of type "bridged" on interfaces of the host are not supported'],
  [{ eth0: { type: 'nic', network: 'blue', nictype: 'ovn' } }, '"nictype" property in conjunction with "network"'],
  [{ eth0: { type: 'nic', network: 'blue', parent: 'eth0' } }, '"parent" property in conjunction with "network"'],
  [{ eth0: { ...nic, hwaddr: 'x' } }, 'Invalid MAC address "x"'],
  [{ eth0: { ...nic, hwaddr: '01:00:5e:00:00:01' } }, 'Invalid MAC address'],
  [{ eth0: { ...nic, name: 'a-name-that-is-long' } }, 'Invalid interface name'],
  [{ eth0: { ...nic, mtu: '12' } }, 'Invalid MTU'],
  [{ eth0: { ...nic, 'ipv4.address': '10.0.0.1/24' } }, 'Not an IPv4 address'],
  [{ eth0: { ...nic, 'ipv6.address': '10.0.0.1' } }, 'Not an IPv6 address'],
  [{ eth0: { ...nic, 'ipv4.routes': '10.0.0.0/24,10.1.0.0' } }, 'Not an IPv4 subnet "10.1.0.0"'],
  [{ eth0: { ...nic, 'ipv6.routes.external': 'fd00::/200' } }, 'Not an IPv6 subnet'],
  [{ eth0: { ...nic, 'security.acls': 'web,,db' } }, 'Not the name of a network ACL'],
  [{ eth0: { ...nic, 'security.acls.default.ingress.action': 'deny' } }, 'not one of allow, reject, drop'],
  [{ eth0: { ...nic, 'limits.ingress': 'fast' } }, 'give bits per second'],
  [{ eth0: { ...nic, 'limits.max': '1Mbit', 'limits.egress': '1Mbit' } }, '"limits.max" together with'],
  [{ eth0: { ...nic, acceleration: 'sriov' } }, 'no member has one'],
  [{ eth0: { ...nic, vlan: '5' } }, 'Invalid device option "vlan"'],
  [{ x: { type: 'toaster' } }, 'Unsupported device type "toaster"'],
  [{ x: {} }, 'Missing device type'],
  [{ root: { ...root, foo: '1' } }, 'Invalid device option "foo"'],
  [{ root: { ...root, size: 'big' } }, '"size"'],
  [{ root: { type: 'disk', path: '/' } }, '"pool"'],
  [{ root: { ...root, source: '/x' } }, 'Root disk entry may not have a "source"'],
  [{ data: { type: 'disk', path: '/data' } }, '"source"'],
  [{ data: { type: 'disk', source: '/x' } }, '"path"'],
  [{ data: { type: 'disk', source: '/etc', path: '/data', pool: 'default' } }, 'absolute paths'],
  [{ data: { type: 'disk', source: '/x', path: '/a/../../etc' } }, 'Invalid path'],
  [{ 'a/b': root }, 'Device validation failed for "a/b"'],
])('refuses %j', (devices, sentence) => {
  expect(() => parseDevices(devices as never)).toThrow(sentence);
});

it('wants exactly one root disk', () => {
  expect(rootDisk({ root })).toEqual({ name: 'root', disk: root });
  expect(() => rootDisk({})).toThrow('No root device could be found');
  expect(() => rootDisk({ a: root, b: root })).toThrow('More than one root disk');
});
