import type { NetworkEvent } from '@weft/contracts';
import { decideNetwork, type NetworkCommand } from './network.decider';
import { NO_FACTS, type NetworkFacts } from './network.facts';
import { networkEtag, networkFold } from './network.state';

const uplink = {
  id: 'u',
  name: 'UPLINK',
  config: {
    parent: 'up0',
    'ipv4.gateway': '192.0.2.1/24',
    'ipv4.ovn.ranges': '192.0.2.100-192.0.2.101',
    'ipv4.routes': '198.51.100.0/24',
    'ipv6.gateway': '2001:db8:1:1::1/64',
    'ipv6.ovn.ranges': '2001:db8:1:1::100-2001:db8:1:1::150',
  },
};
const facts: NetworkFacts = { ...NO_FACTS, uplink };
const create = (config: Record<string, string> = {}, known: Partial<NetworkFacts> = {}, extra: object = {}): NetworkCommand => ({
  type: 'create',
  networkId: 'n',
  project: 'default',
  name: 'blue',
  networkType: 'ovn',
  number: 4,
  description: '',
  config: { network: 'UPLINK', ...config },
  facts: { ...facts, ...known },
  ...extra,
});
const given = (...events: NetworkEvent[]) => ({
  when: (command: NetworkCommand) => decideNetwork(command, events.reduce(networkFold.evolve, networkFold.initial)),
});
const configOf = (events: NetworkEvent[]): Record<string, string> => (events[0]?.data as { config: Record<string, string> }).config;
const fixed = { 'ipv4.address': '10.1.1.1/24', 'ipv4.nat': 'true', 'ipv6.address': 'none' };

describe('a new OVN network', () => {
  it('gets addresses, NAT for them, an MTU and external addresses, as LXD fills them in', () => {
    const config = configOf(given().when(create()));
    expect(config).toMatchObject({
      'ipv4.nat': 'true',
      'ipv6.nat': 'true',
      'bridge.mtu': '1442',
      'volatile.network.ipv4.address': '192.0.2.100',
      'volatile.network.ipv6.address': '2001:db8:1:1::100',
    });
    expect(config['ipv4.address']).toMatch(/^10\.\d+\.\d+\.1\/24$/);
    expect(config['ipv6.address']).toMatch(/^fd42:[0-9a-f:]+::1\/64$/);
  });

  it('takes the next external address, and says when there is none', () => {
    expect(configOf(given().when(create(fixed, { takenExternal: ['192.0.2.100'] })))['volatile.network.ipv4.address']).toBe('192.0.2.101');
    expect(() => given().when(create(fixed, { takenExternal: ['192.0.2.100', '192.0.2.101'] }))).toThrow(
      expect.objectContaining({ code: 'network.exhausted' }),
    );
  });

  it('needs a route to it when it has no NAT', () => {
    expect(() => given().when(create({ 'ipv4.address': '10.3.3.1/24', 'ipv4.nat': 'false', 'ipv6.address': 'none' }))).toThrow(
      `Uplink network doesn't contain "10.3.3.0/24" in its routes`,
    );
    expect(() => given().when(create({ 'ipv4.address': '203.0.113.1/24', 'ipv6.address': 'none' }))).toThrow("doesn't contain");
    const routed = { 'ipv4.address': '198.51.100.1/25', 'ipv6.address': 'none' };
    expect(given().when(create(routed))).toHaveLength(1);
    const within = { ...uplink, config: { ...uplink.config, 'ipv4.routes': '192.0.2.64/26' } };
    expect(given().when(create({ 'ipv4.address': '192.0.2.65/28', 'ipv6.address': 'none' }, { uplink: within }))).toHaveLength(1);
    expect(() => given().when(create(routed, { announced: [{ subnet: '198.51.100.20/32', of: 'x' }] }))).toThrow(
      expect.objectContaining({ code: 'network.overlap' }),
    );
    expect(() => given().when(create(routed, { allowedSubnets: ['UPLINK:198.51.100.128/25'] }))).toThrow(
      expect.objectContaining({ code: 'project.restricted' }),
    );
  });

  it('is translated when its addresses are private and nothing routes them to the uplink', () => {
    expect(configOf(given().when(create({ 'ipv4.address': '10.3.3.1/24', 'ipv6.address': 'fd42:3::1/64' })))).toMatchObject({
      'ipv4.nat': 'true',
      'ipv6.nat': 'true',
    });
    const within = { ...uplink, config: { ...uplink.config, 'ipv4.routes': '10.0.0.0/8' } };
    const routed = configOf(given().when(create({ 'ipv4.address': '10.3.3.1/24', 'ipv6.address': 'none' }, { uplink: within })));
    expect(routed).not.toHaveProperty('ipv4.nat');
  });

  it.each([
    [{ 'ipv4.address': '10.1.1.0/24' }, 'that of a host'],
    [{ 'ipv4.address': '10.1.1.1' }, 'with a prefix length'],
    [{ 'ipv6.address': 'fd42::1/48' }, 'must be 64'],
    [{ 'ipv4.nat': 'maybe' }, 'boolean'],
    [{ 'ipv4.dhcp.ranges': '10.9.0.2-10.9.0.9' }, 'is not within the subnet'],
    [{ 'bridge.mtu': '100' }, 'from 1280'],
    [{ 'bridge.hwaddr': '01:16:3e:00:00:00' }, 'Invalid MAC'],
    [{ 'dns.domain': 'a b' }, 'Invalid DNS domain'],
    [{ 'ipv4.nat.address': '198.51.100.9' }, 'ingress_mode is not "routed"'],
    [{ 'ipv4.address': '192.0.2.9/24' }, 'overlaps with that of the uplink'],
    [{ colour: 'blue' }, 'Invalid option for network "blue" option "colour"'],
  ])('is refused %j', (config, words) => {
    expect(() => given().when(create({ ...fixed, ...config }))).toThrow(words);
  });

  it.each(['', '@x', 'a/b', 'a b', '-x', 'none', 'x'.repeat(64)])('is refused the name %j', (name) => {
    expect(() => given().when(create({}, {}, { name }))).toThrow(expect.objectContaining({ code: 'network.invalid' }));
  });

  it.each(['', 'bridge', 'sriov'])('says what to use in place of type %j', (networkType) => {
    expect(() => given().when(create({}, {}, { networkType }))).toThrow('use --type=ovn or --type=physical');
  });
});

describe('a physical network', () => {
  const physical = (config: Record<string, string>, project = 'default') =>
    given().when({ ...create(), networkType: 'physical', facts: NO_FACTS, config, project } as NetworkCommand);

  it('needs a parent and consistent ranges, and belongs into the project default', () => {
    expect(configOf(physical(uplink.config))).toMatchObject({ parent: 'up0' });
    expect(() => physical({})).toThrow('option "parent": Required value');
    expect(() => physical({ parent: 'up0', 'ipv4.gateway': '192.0.2.1/24', 'ipv4.ovn.ranges': '192.0.3.1-192.0.3.9' })).toThrow('must lie within');
    expect(() => physical(uplink.config, 'web')).toThrow(expect.objectContaining({ code: 'network.unsupported' }));
  });
});

describe('an update', () => {
  const [created] = given().when(create(fixed)) as [Extract<NetworkEvent, { type: 'NetworkCreated' }>];
  const change = (config: Record<string, string>, extra: object = {}): NetworkCommand => ({
    type: 'update',
    mode: 'merge',
    config,
    facts,
    inUse: false,
    ...extra,
  });

  it('keeps volatile addresses, whatever a client sends', () => {
    const config = configOf(given(created).when(change({ 'user.a': 'b', 'volatile.network.ipv4.address': '1.1.1.1' })));
    expect(config).toMatchObject({ 'user.a': 'b', 'volatile.network.ipv4.address': '192.0.2.100' });
  });

  it('goes ahead only for who saw the present version', () => {
    expect(given(created).when(change({}, { ifMatch: networkEtag(created.data) }))).toHaveLength(1);
    expect(() => given(created).when(change({}, { ifMatch: 'old' }))).toThrow(expect.objectContaining({ code: 'etag.mismatch' }));
  });

  it('may not make a subnet overlap with that of a peer', () => {
    const peers = [{ name: 'red', subnets: ['10.2.0.0/16'] }];
    expect(() => given(created).when(change({ 'ipv4.address': '10.2.3.1/24' }, { facts: { ...facts, peers } }))).toThrow('peer network "red"');
  });

  it('does not move a network that is in use to another uplink', () => {
    expect(() => given(created).when(change({ network: 'OTHER' }, { inUse: true }))).toThrow('Cannot change "network" while');
  });

  it('rename and delete spare what is in use', () => {
    expect(given(created).when({ type: 'rename', newName: 'b2', inUse: false })[0]?.data).toMatchObject({ oldName: 'blue', name: 'b2' });
    expect(() => given(created).when({ type: 'rename', newName: 'b2', inUse: true })).toThrow('The network is currently in use');
    expect(() => given(created).when({ type: 'delete', inUse: true })).toThrow(expect.objectContaining({ code: 'network.in-use' }));
    expect(given(created).when({ type: 'delete', inUse: false })[0]?.type).toBe('NetworkDeleted');
    expect(() => given().when({ type: 'delete', inUse: false })).toThrow('Network not found');
  });
});

it('etags are those of LXD', () => {
  const config = {
    'bridge.mtu': '1500',
    'ipv4.address': '10.1.1.1/24',
    'ipv4.nat': 'true',
    'ipv6.address': 'fd42:1:1:1::1/64',
    'ipv6.nat': 'true',
    network: 'UPLINK',
    'volatile.network.ipv4.address': '192.0.2.100',
    'volatile.network.ipv6.address': '2001:db8:1:1::100',
  };
  expect(networkEtag({ name: 'ovn1', type: 'ovn', description: '', config })).toBe('279796c9fb80dcd42dc0fd1d1d12925eb6d0a66c297512deab66f03dcadc2497');
});
