/** What cannot be done is refused with a status and a sentence that says what to do, and leaves nothing behind. */
import { ERROR_STATUS, WeftError, type Meta } from '@weft/contracts';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { peer } from '../testing/bodies';
import { ovn, startNetworkService, uplink, type NetworkService } from '../testing/network-service';

let postgres: TestPostgres;
let service: NetworkService;
const as = (project: string, ...projects: string[]): Partial<Meta> => ({ project, actor: { protocol: 'tls', username: 'f', address: '', projects } });
const nic = (extra: object = {}) => ({ type: 'nic', network: 'blue', hwaddr: '00:16:3e:00:00:77', ...extra });
const instance = { instanceId: 'new', instanceName: 'new', type: 'container' as const };
const rule = { source: '', destination: '', protocol: '', source_port: '', destination_port: '', icmp_type: '', icmp_code: '', description: '', state: '' };
const acl = (extra: object) => ({ name: 'fresh', description: '', config: {}, egress: [], ingress: [{ ...rule, action: 'allow', ...extra }] });
const forward = (listenAddress: string, extra: object = {}) => ({ network: 'blue', listenAddress, description: '', config: {}, ports: [], ...extra });
const subnet = (ipv4: string) => ({ 'ipv4.address': ipv4, 'ipv6.address': 'none' });

beforeAll(async () => {
  postgres = await startPostgres();
  service = await startNetworkService(postgres.url);
  await service.project('web', { 'features.networks': 'true' });
  await service.project('shared', { 'features.networks': 'false' });
  await service.project('guarded', {
    'features.networks': 'true',
    restricted: 'true',
    'restricted.networks.uplinks': 'UPLINK',
    'restricted.networks.subnets': 'UPLINK:198.51.100.0/28',
    'limits.networks': '1',
  });
  await service.project('narrow', { 'features.networks': 'true', restricted: 'true', 'restricted.networks.uplinks': 'UPLINK' });
  await service.send('network.create', uplink({ 'ipv4.ovn.ranges': '192.0.2.100-192.0.2.104' }));
  await service.send('network.create', { ...uplink(), name: 'OTHER' });
  await service.send('network.create', ovn('blue', { ...subnet('10.1.1.1/29'), 'ipv4.dhcp.ranges': '10.1.1.2-10.1.1.3' }));
  // Behind NAT each has a router of its own: the same subnet twice is legal.
  await service.send('network.create', ovn('twin', subnet('10.1.1.1/29')));
  await service.send('network.create', ovn('red', subnet('10.2.2.1/24')), { project: 'web' });
  await service.send('network.create', ovn('green', subnet('10.3.3.1/24')));
  await service.send('network.create', ovn('only', subnet('10.4.4.1/24')), { project: 'guarded' });
  await service.send('network-acl.create', { ...acl({}), name: 'web' });
  for (const n of [1, 2]) {
    const one = { instanceId: `i${n}`, instanceName: `c${n}`, type: 'container' as const };
    await service.port('port.define', { ...one, nics: { eth0: nic({ hwaddr: `00:16:3e:00:00:0${n}`, 'security.acls': 'web' }) } });
  }
  await service.send('network-forward.create', forward('198.51.100.20'));
  for (const [a, b] of [
    ['blue', 'green'],
    ['green', 'blue'],
  ] as const)
    await service.send('network-peer.create', peer(a, `to-${b}`, b));
  await service.send('network-peer.create', peer('twin', 'to-blue', 'blue'));
  await service.send('network-peer.create', peer('twin', 'to-green', 'green'));
}, 90_000);
afterAll(async () => {
  await service.close();
  await postgres.stop();
});

/** How much there is: events, allocated addresses and numbers, and what was sent to OVN. */
async function world(): Promise<unknown> {
  const { rows } = await service.pool.query(
    `SELECT (SELECT count(*)::int FROM event) AS events, (SELECT count(*)::int FROM port_address) AS addresses,
            (SELECT count(*)::int FROM uplink_address) AS external, (SELECT count(*)::int FROM used_number) AS numbers`,
  );
  return [rows[0], service.settled.length];
}

type Send = () => Promise<unknown>;
const create =
  (name: string, config: Record<string, string>, meta?: Partial<Meta>): Send =>
  () =>
    service.send('network.create', ovn(name, config), meta);

it.each<[string, Send, number, string]>([
  ['an unknown uplink', create('x', { network: 'NOPE' }), 400, 'Option "network" value "NOPE" is not one of the allowed uplink networks in project'],
  ['an uplink that is an OVN network', create('x', { network: 'blue' }), 400, 'is not one of the allowed uplink networks'],
  ['a choice among uplinks', create('x', { network: '' }), 400, 'Option "network" is required: choose one of OTHER, UPLINK'],
  ['an uplink that the project may not use', create('x', { network: 'OTHER' }, { project: 'narrow' }), 403, 'not one of the allowed uplink networks'],
  ['one network too many', create('x', subnet('10.9.9.1/24'), { project: 'guarded' }), 400, 'Reached maximum number of networks in project "guarded": 1'],
  ['a public subnet that nobody routes', create('x', subnet('203.0.113.1/24')), 400, `Uplink network doesn't contain "203.0.113.0/24" in its routes`],
  ['a subnet over that of the uplink', create('x', subnet('192.0.2.129/25')), 400, 'overlaps with that of the uplink network "UPLINK"'],
  ['an announced subnet over a forward', create('x', subnet('198.51.100.17/28')), 400, 'overlaps with another network or NIC'],
  ['the last external address gone', create('x', subnet('10.8.8.1/24')), 400, 'No free address is left in "ipv4.ovn.ranges" of the uplink network "UPLINK"'],
  ['ranges outside of the subnet', create('x', { ...subnet('10.8.8.1/24'), 'ipv4.dhcp.ranges': '10.9.9.2-10.9.9.3' }), 400, 'is not within the subnet'],
  [
    'an unknown ACL of a network',
    () => service.send('network.update', { name: 'green', mode: 'merge', config: { 'security.acls': 'nope' } }),
    400,
    'Network ACL "nope" does not exist',
  ],
  ['a bridge', () => service.send('network.create', { ...ovn('x'), type: 'bridge' }), 400, 'use --type=ovn or --type=physical'],
  ['a name twice', create('blue', {}), 409, 'already exists'],
])('a network: %s', refuses);

it.each<[string, Send, number, string]>([
  ['no address left', () => service.port('port.define', { ...instance, nics: { eth0: nic() } }), 400, 'No free IPv4 address is left on network "blue"'],
  [
    "somebody's address",
    () => service.port('port.define', { ...instance, nics: { eth0: nic({ 'ipv4.address': '10.1.1.2' }) } }),
    400,
    'IP address "10.1.1.2" is in use by another NIC on network "blue"',
  ],
  [
    'its own address twice',
    () => service.port('port.define', { ...instance, nics: { a: nic({ 'ipv4.address': '10.1.1.5' }), b: nic({ 'ipv4.address': '10.1.1.5' }) } }),
    400,
    'IP address "10.1.1.5" is in use by another NIC',
  ],
  [
    'a MAC twice',
    () => service.port('port.define', { ...instance, nics: { a: nic({ 'ipv4.address': '10.1.1.5', hwaddr: '00:16:3e:00:00:01' }) } }),
    400,
    'MAC',
  ],
  ["the router's address", () => service.port('port.define', { ...instance, nics: { a: nic({ 'ipv4.address': '10.1.1.1' }) } }), 400, 'belongs to network'],
  ['an unknown ACL', () => service.port('port.define', { ...instance, nics: { a: nic({ 'security.acls': 'nope' }) } }), 400, 'Network ACL "nope" does not'],
  [
    'a route that the uplink lacks',
    () => service.port('port.define', { ...instance, nics: { a: nic({ 'ipv4.address': '10.1.1.5', 'ipv4.routes.external': '203.0.113.0/28' }) } }),
    400,
    `doesn't contain "203.0.113.0/28"`,
  ],
  [
    'an uplink itself',
    () => service.port('port.define', { ...instance, nics: { a: nic({ network: 'UPLINK' }) } }),
    400,
    'of type "physical", which instances cannot use',
  ],
])('a NIC: %s', refuses);

it.each<[string, Send, number, string]>([
  ['a port without a protocol', () => service.send('network-acl.create', acl({ destination_port: '80' })), 400, 'without specifying protocol'],
  ['a port out of range', () => service.send('network-acl.create', acl({ protocol: 'tcp', destination_port: '70000' })), 400, 'Invalid port range "70000"'],
  ['ports backwards', () => service.send('network-acl.create', acl({ protocol: 'udp', source_port: '90-80' })), 400, 'Invalid port range "90-80"'],
  ['an unknown protocol', () => service.send('network-acl.create', acl({ protocol: 'sctp' })), 400, 'Protocol must be one of: icmp4, icmp6, tcp, udp'],
  ['ports of ICMP', () => service.send('network-acl.create', acl({ protocol: 'icmp4', destination_port: '1' })), 400, 'cannot be used with "icmp4"'],
  ['an unknown subject', () => service.send('network-acl.create', acl({ source: '@blue/nope' })), 400, 'Invalid subject "@blue/nope"'],
  ['one that is used', () => service.send('network-acl.delete', { name: 'web' }), 400, 'in use'],
  ['one that is not there', () => service.send('network-acl.delete', { name: 'nope' }), 404, 'Network ACL not found'],
])('an ACL: %s', refuses);

it.each<[string, Send, number, string]>([
  ['a taken address', () => service.send('network-forward.create', forward('198.51.100.20')), 409, 'already exists'],
  ['an address that nobody routes', () => service.send('network-forward.create', forward('203.0.113.9')), 400, `doesn't contain "203.0.113.9/32"`],
  [
    'a target elsewhere',
    () => service.send('network-forward.create', forward('198.51.100.21', { config: { target_address: '10.9.9.9' } })),
    400,
    'Default target address is not within the network subnet',
  ],
  ['one that is not there', () => service.send('network-forward.delete', { network: 'blue', listenAddress: '198.51.100.99' }), 404, 'not found'],
])('a forward: %s', refuses);

it.each<[string, Send, number, string]>([
  [
    'the same subnet behind NAT',
    () => service.send('network-peer.create', peer('blue', 'to-twin', 'twin')),
    400,
    'Subnet "10.1.1.0/29" of this network overlaps',
  ],
  ['a peer of a peer with the same subnet', () => service.send('network-peer.create', peer('green', 'to-twin', 'twin')), 400, 'overlaps with that of the peer'],
  ['itself', () => service.send('network-peer.create', peer('blue', 'self', 'blue')), 400, 'Cannot peer a network with itself'],
  ['the same name twice', () => service.send('network-peer.create', peer('blue', 'to-green', 'other')), 409, 'A peer for that name already exists'],
  ['an uplink', () => service.send('network-peer.create', peer('UPLINK', 'p', 'blue')), 400, 'does not support peering'],
  [
    'another subnet that a peer has',
    () => service.send('network.update', { name: 'green', mode: 'merge', config: { 'ipv4.address': '10.1.1.1/28' } }),
    400,
    'overlaps with that of the peer network',
  ],
  ['one that is not there', () => service.send('network-peer.delete', { network: 'blue', name: 'nope' }), 404, 'Network peer not found'],
])('a peer: %s', refuses);

it.each<[string, Send, number, string]>([
  ['a network with NICs', () => service.send('network.delete', { name: 'blue' }), 400, 'The network is currently in use'],
  ['a network with a peer', () => service.send('network.delete', { name: 'green' }), 400, 'The network is currently in use'],
  ['an uplink with networks', () => service.send('network.delete', { name: 'UPLINK' }), 400, 'The network is currently in use'],
])('the end of %s', refuses);

it.each<[string, Send, number, string]>([
  [
    'changes a network of another',
    () => service.send('network.update', { name: 'blue', mode: 'merge', config: {} }, as('default', 'web')),
    403,
    'not authorized',
  ],
  ['deletes one', () => service.send('network.delete', { name: 'green' }, as('default', 'web')), 403, 'not authorized'],
  ['creates one', create('x', subnet('10.8.8.1/24'), as('default', 'web')), 403, 'not authorized'],
  ['changes the networks that its project shares', () => service.send('network.delete', { name: 'green' }, as('shared', 'shared')), 403, 'not authorized'],
  ['peers a network of another', () => service.send('network-peer.create', peer('green', 'p', 'red', 'web'), as('default', 'web')), 403, 'not authorized'],
  ['forwards into one', () => service.send('network-forward.create', forward('198.51.100.30'), as('default', 'web')), 403, 'not authorized'],
  ['writes ACLs of one', () => service.send('network-acl.create', acl({}), as('default', 'web')), 403, 'not authorized'],
  ['moves ports', () => service.send('port.remove', { instanceId: 'i1' }, as('default', 'default')), 403, 'not authorized'],
])('a client restricted to a project %s', refuses);

it('a client restricted to a project peers with one that it cannot see as with one that is not there', async () => {
  const outcome = (name: string, target: string) => service.send('network-peer.create', peer('red', name, target, 'default'), as('web', 'web'));
  expect(await outcome('to-blue', 'blue')).toEqual(await outcome('to-nope', 'nope'));
});

async function refuses(_what: string, send: Send, status: number, sentence: string): Promise<void> {
  const before = await world();
  const error: unknown = await send().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WeftError);
  expect((error as WeftError).message).toContain(sentence);
  expect(ERROR_STATUS[(error as WeftError).code]).toBe(status);
  expect(await world()).toEqual(before);
}
