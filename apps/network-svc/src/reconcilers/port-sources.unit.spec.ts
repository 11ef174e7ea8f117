import { portSources } from './port-sources';

const port = { hwaddr: '00:16:3e:00:00:01', ipv4: '10.1.1.2', ipv6: 'fd42::216:3eff:fe00:1' };
const network = { 'ipv4.address': '10.1.1.1/24', 'ipv6.address': 'fd42::1/64' };

it.each([
  ['its own addresses', {}, network, ['10.1.1.2/24', 'fd42::216:3eff:fe00:1/64']],
  ['any IPv4 address', { 'security.ipv4_filtering': 'false' }, network, ['0.0.0.0/0', 'fd42::216:3eff:fe00:1/64']],
  ['any IPv6 address', { 'security.ipv6_filtering': 'false' }, network, ['10.1.1.2/24', '::/0']],
  ['anything', { 'security.mac_filtering': 'false' }, network, null],
  ['link-local IPv6 where the network has none', {}, { ...network, 'ipv6.address': 'none' }, ['10.1.1.2/24', 'fe80::216:3eff:fe00:1']],
])('a NIC sends from %s', (_what, nic, config, sources) => {
  expect(portSources(port, nic, config, [])).toEqual(sources);
});

it('sends from what is routed to it, and from the whole subnet where nobody gives addresses away', () => {
  const free = portSources({ ...port, ipv4: null }, {}, network, ['172.16.0.0/24']);
  expect(free).toEqual(['10.1.1.0/24', 'fd42::216:3eff:fe00:1/64', '172.16.0.0/24']);
});
