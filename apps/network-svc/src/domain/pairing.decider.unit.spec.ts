import type { NetworkPeerEvent } from '@weft/contracts';
import { decidePairing, type LinkFacts, type PairingCommand } from './pairing.decider';
import { pairingFold, pairingId, peerEtag, type Pairing } from './pairing.state';

const blue = { networkId: 'n-blue', project: 'default', network: 'blue', type: 'ovn' };
const red = { networkId: 'n-red', project: 'web', network: 'red', type: 'ovn' };
const facts: LinkFacts = { subnets: [['10.2.0.0/24'], ['10.1.0.0/24']], neighbours: [[], []] };
type Agree = Extract<PairingCommand, { type: 'agree' }>;
const agree = (peerId: string, own: typeof blue, target: typeof blue, extra: Partial<Agree> = {}): Agree => ({
  type: 'agree',
  peerId,
  own,
  target,
  name: `to-${target.network}`,
  description: '',
  config: {},
  groupId: null,
  facts,
  ...extra,
});
const play = (...commands: PairingCommand[]): { pairing: Pairing; events: NetworkPeerEvent[] } =>
  commands.reduce<{ pairing: Pairing; events: NetworkPeerEvent[] }>(
    ({ pairing, events }, command) => {
      const next = decidePairing(command, pairing);
      return { pairing: next.reduce(pairingFold.evolve, pairing), events: [...events, ...next] };
    },
    { pairing: pairingFold.initial, events: [] },
  );
const statuses = ({ pairing }: { pairing: Pairing }) => Object.fromEntries(pairing.consents.map(({ peerId, status }) => [peerId, status]));
const withdraw = (peerId: string, inUse = false): PairingCommand => ({ type: 'withdraw', peerId, inUse });

it('one side alone is pending, whether or not the other exists', () => {
  expect(statuses(play(agree('a', blue, { ...red, network: 'nosuch' }, { facts: undefined })))).toEqual({ a: 'pending' });
});

it('two consents are a link, in either order and from one stream', () => {
  expect(statuses(play(agree('a', blue, red), agree('b', red, blue)))).toEqual({ a: 'created', b: 'created' });
  expect(pairingId(blue, red)).toBe(pairingId(red, blue));
});

it('who takes consent back leaves the other in error, and may come again', () => {
  const broken = [agree('a', blue, red), agree('b', red, blue), withdraw('a')];
  expect(statuses(play(...broken))).toEqual({ b: 'errored' });
  expect(statuses(play(...broken, agree('a2', blue, red)))).toEqual({ b: 'errored', a2: 'pending' });
  expect(statuses(play(...broken, agree('a2', blue, red), withdraw('b'), agree('b2', red, blue)))).toEqual({ a2: 'created', b2: 'created' });
  expect(statuses(play(...broken, agree('b2', red, blue, { name: 'again' })))).toEqual({ b: 'errored', b2: 'pending' });
  expect(statuses(play(...broken, withdraw('b')))).toEqual({});
});

it('deleting an errored one breaks nothing', () => {
  const linkedBesideError = [agree('a', blue, red), agree('b', red, blue), withdraw('a'), agree('a2', blue, red), agree('b2', red, blue, { name: 'x' })];
  expect(statuses(play(...linkedBesideError, withdraw('b')))).toEqual({ a2: 'created', b2: 'created' });
});

it.each<[string, PairingCommand[], object]>([
  ['itself', [agree('a', blue, blue)], { code: 'network-peer.invalid', message: 'Cannot peer a network with itself' }],
  ['nobody', [agree('a', blue, { ...red, network: '' }, { name: 'x' })], { message: 'Target network is required' }],
  ['twice', [agree('a', blue, red), agree('a2', blue, red)], { code: 'network-peer.exists' }],
  ['from a physical network', [agree('a', { ...blue, type: 'physical' }, red)], { code: 'network-peer.invalid' }],
  ['under a bad name', [agree('a', blue, red, { name: '@x' })], { code: 'network-peer.invalid' }],
  ['with other keys', [agree('a', blue, red, { config: { foo: 'bar' } })], { code: 'network-peer.invalid' }],
])('no network peers with %s', (_what, commands, error) => {
  expect(() => play(...commands)).toThrow(expect.objectContaining(error));
});

it('overlap is refused before the link, with neighbours too', () => {
  const link = (known: LinkFacts) => () => play(agree('a', blue, red), agree('b', red, blue, { facts: known }));
  expect(link({ ...facts, subnets: [['10.1.0.0/16'], ['10.1.0.0/24']] })).toThrow(expect.objectContaining({ code: 'network.overlap' }));
  expect(link({ ...facts, neighbours: [[{ name: 'green', subnets: ['10.1.0.0/20'] }], []] })).toThrow('peer "green"');
  expect(link({ ...facts, neighbours: [[], [{ name: 'secret', subnets: ['10.2.0.0/20'] }]] })).toThrow('another peer of "default/blue"');
});

it('what is used stays, and only who saw the present version changes it', () => {
  const { pairing } = play(agree('a', blue, red));
  expect(peerEtag({ name: 'p12', description: '', config: {} })).toBe('741428297948987eb02e322a34de248ace3948248bbe8362f39ea2652e7a1513');
  expect(() => decidePairing(withdraw('a', true), pairing)).toThrow('Cannot delete a Peer that is in use');
  expect(() => decidePairing({ type: 'update', peerId: 'a', mode: 'replace', ifMatch: 'old' }, pairing)).toThrow(
    expect.objectContaining({ code: 'etag.mismatch' }),
  );
  const [updated] = decidePairing({ type: 'update', peerId: 'a', mode: 'merge', config: { 'user.x': '1' } }, pairing);
  expect(updated?.data).toMatchObject({ config: { 'user.x': '1' } });
  expect(() => decidePairing(withdraw('z'), pairing)).toThrow('Network peer not found');
});
