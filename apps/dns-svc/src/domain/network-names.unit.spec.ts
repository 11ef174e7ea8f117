import { namesIn, ownersOfPort, zonesOfNetwork, type NamedZone, type NetworkFacts } from './network-names';
import { addressOfReverseName, reverseName } from './reverse-name';

const blue: NetworkFacts = {
  id: 'n1',
  name: 'blue',
  config: {
    'ipv4.address': '10.10.0.1/24',
    'ipv4.nat': 'true',
    'ipv6.address': 'fd42:1::1/64',
    'dns.zone.forward': 'lab.example, other.example',
    'dns.zone.reverse.ipv4': '0.10.10.in-addr.arpa',
    'dns.zone.reverse.ipv6': '0.0.0.0.0.0.0.0.1.0.0.0.2.4.d.f.ip6.arpa',
  },
};
const port = { networkId: 'n1', instanceName: 'c1', addresses: ['10.10.0.2', 'fd42:1::2'] };
const zone = (name: string, kind: NamedZone['kind'], config = {}): NamedZone => ({ name: `${name}.`, key: `${name}.`, kind, config });
const shown = (of: NamedZone) => namesIn(of, [blue], [port]).map(({ name, type, value }) => `${name} ${type} ${value}`);

it('publishes addresses of instances and of the network itself', () => {
  expect(shown(zone('lab.example', 'forward'))).toEqual([
    'blue.gw.lab.example. A 10.10.0.1',
    'blue.gw.lab.example. AAAA fd42:1::1',
    'c1.lab.example. A 10.10.0.2',
    'c1.lab.example. AAAA fd42:1::2',
  ]);
});

it('leaves out what is translated when network.nat is off', () => {
  expect(shown(zone('lab.example', 'forward', { 'network.nat': 'false' }))).toEqual(['blue.gw.lab.example. AAAA fd42:1::1', 'c1.lab.example. AAAA fd42:1::2']);
  expect(shown(zone('0.10.10.in-addr.arpa', 'ipv4', { 'network.nat': 'false' }))).toEqual([]);
});

it('points back to the name in the first forward zone, within the zone only', () => {
  expect(shown(zone('0.10.10.in-addr.arpa', 'ipv4'))).toEqual([
    '1.0.10.10.in-addr.arpa. PTR blue.gw.lab.example.',
    '2.0.10.10.in-addr.arpa. PTR c1.lab.example.',
  ]);
  expect(shown(zone('1.10.10.in-addr.arpa', 'ipv4'))).toEqual([]);
  expect(shown(zone('1.0.0.0.2.4.d.f.ip6.arpa', 'ipv6'))).toHaveLength(2);
  expect(namesIn(zone('10.in-addr.arpa', 'ipv4'), [{ ...blue, config: { ...blue.config, 'dns.zone.forward': '' } }], [port])).toEqual([]);
});

it('leaves out names that no message could carry', () => {
  expect(
    namesIn(zone(`${'a'.repeat(60)}.`.repeat(4).slice(0, -1), 'forward'), [blue], [{ ...port, instanceName: 'i'.repeat(63) }]).filter(({ name }) =>
      name.startsWith('i'),
    ),
  ).toEqual([]);
});

it('knows which owners a port is seen at', () => {
  expect(ownersOfPort({ key: 'lab.example.', kind: 'forward' }, { ...port, instanceName: 'C1' })).toEqual(['c1.lab.example.']);
  expect(ownersOfPort({ key: '0.10.10.in-addr.arpa.', kind: 'ipv4' }, port)).toEqual(['2.0.10.10.in-addr.arpa.']);
});

it('reads the zones of a network, of which there may be several', () => {
  expect(zonesOfNetwork(blue.config)).toEqual([
    { zone: 'lab.example.', kind: 'forward', place: 0 },
    { zone: 'other.example.', kind: 'forward', place: 1 },
    { zone: '0.10.10.in-addr.arpa.', kind: 'ipv4', place: 0 },
    { zone: '0.0.0.0.0.0.0.0.1.0.0.0.2.4.d.f.ip6.arpa.', kind: 'ipv6', place: 0 },
  ]);
});

it.each(['10.0.0.1', '255.254.253.252', '::', 'fd42:1::2', '2001:db8::192.0.2.1'])('a reverse name leads back to %s', (address) => {
  expect(reverseName(addressOfReverseName(reverseName(address))!)).toBe(reverseName(address));
});
it.each(['0.10.10.in-addr.arpa.', '256.0.0.10.in-addr.arpa.', '01.0.0.10.in-addr.arpa.', 'x.ip6.arpa.'])('%s stands for no address', (name) => {
  expect(addressOfReverseName(name)).toBeUndefined();
});
