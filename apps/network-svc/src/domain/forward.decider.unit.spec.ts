import type { ForwardPort, NetworkForwardEvent } from '@weft/contracts';
import { decideForward, type ForwardCommand, type ForwardFacts } from './forward.decider';
import { forwardEtag, forwardFold } from './forward.state';

const facts: ForwardFacts = {
  network: { 'ipv4.address': '10.1.1.1/24' },
  uplink: { id: 'u', name: 'UPLINK', config: { 'ipv4.routes': '198.51.100.0/24' } },
  taken: ['198.51.100.9', '198.51.100.64/26'],
  allowedSubnets: undefined,
};
const port = (fields: Partial<ForwardPort>): ForwardPort => ({
  description: '',
  protocol: 'tcp',
  listen_port: '80',
  target_port: '',
  target_address: '10.1.1.50',
  ...fields,
});
const create = (listenAddress: string, ports: ForwardPort[] = [], config = {}): ForwardCommand => ({
  type: 'create',
  forwardId: 'f',
  networkId: 'n',
  project: 'default',
  networkName: 'blue',
  listenAddress,
  description: '',
  config,
  ports,
  facts,
});
const given = (...events: NetworkForwardEvent[]) => ({
  when: (command: ForwardCommand) => decideForward(command, events.reduce(forwardFold.evolve, forwardFold.initial)),
});
const [created] = given().when(create('198.51.100.20')) as [Extract<NetworkForwardEvent, { type: 'NetworkForwardCreated' }>];

it('listens on an address that is routed to the uplink and free', () => {
  expect(created.data).toMatchObject({ listenAddress: '198.51.100.20', ports: [] });
  expect(forwardEtag(created.data)).toMatch(/^0edfeafb8ed2b976/);
  expect(() => given().when(create('203.0.113.1'))).toThrow(`Failed creating forward: Uplink network doesn't contain "203.0.113.1/32" in its routes`);
  expect(() => given().when(create('198.51.100.9'))).toThrow(expect.objectContaining({ code: 'network-address.exists' }));
  expect(() => given().when(create('198.51.100.70'))).toThrow('overlaps with another network or NIC');
  expect(() => given().when(create('fd42::1'))).toThrow('no IPv6 subnet');
  expect(() => given().when(create('x'))).toThrow('Failed parsing');
});

it('takes lists of ports and ranges', () => {
  const ports = [port({ listen_port: '80,8080-8081', target_port: '8000,9000-9001' }), port({ protocol: 'udp', listen_port: '53' })];
  expect(given().when(create('198.51.100.20', ports))[0]?.data).toMatchObject({ ports });
  expect(forwardEtag({ ...created.data, ports: ports.slice(0, 1) })).toMatch(/^db620028/);
});

it.each<[ForwardPort[], object, string]>([
  [[port({}), port({ target_address: '10.1.1.51' })], {}, 'Duplicate listen port 80 for protocol "tcp" in port specification 1'],
  [[port({ target_address: '192.168.9.9' })], {}, 'Target address is not within the network subnet in port specification 0'],
  [[port({})], { target_address: '10.1.1.50' }, 'Target address is same as default target address in port specification 0'],
  [[port({ protocol: 'icmp' })], {}, 'protocol must be one of: tcp, udp'],
  [[port({ listen_port: '' })], {}, 'Invalid listen port in port specification 0'],
  [[port({ listen_port: '1-3', target_port: '1-2' })], {}, 'Mismatch of listen port(s) and target port(s) count'],
  [[port({ target_port: 'x' })], {}, 'Invalid target port'],
  [[], { target_address: '10.9.9.9' }, 'Default target address is not within'],
  [[], { colour: 'x' }, 'Invalid option "colour"'],
])('refuses %j %j', (ports, config, words) => {
  expect(() => given(created).when({ type: 'update', mode: 'replace', ports, config: config as Record<string, string>, facts })).toThrow(words);
});

it('goes ahead only for who saw the present version, and ends', () => {
  expect(() => given(created).when({ type: 'update', mode: 'merge', ifMatch: 'old', facts })).toThrow(expect.objectContaining({ code: 'etag.mismatch' }));
  expect(given(created).when({ type: 'delete' })[0]?.type).toBe('NetworkForwardDeleted');
  expect(() => given().when({ type: 'delete' })).toThrow('Network forward not found');
});
