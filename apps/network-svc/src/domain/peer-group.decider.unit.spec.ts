import type { NetworkPeerGroupEvent } from '@weft/contracts';
import type { LinkFacts } from './pairing.decider';
import { pairingFold, type Pairing } from './pairing.state';
import { decidePeerGroup, pairsOf, pairUp, peerGroupEtag, peerGroupFold, unpair, type GroupCommand, type GroupMember } from './peer-group.decider';

const member = (n: number): GroupMember => ({ networkId: `n${n}`, project: 'default', network: `net${n}`, type: 'ovn', number: n });
const [a, b] = [member(1), member(2)];
const group = { groupId: 'g', name: 'mesh' };
const facts: LinkFacts = { subnets: [['10.1.0.0/24'], ['10.2.0.0/24']], neighbours: [[], []] };
const sides = [
  { own: a, target: b, peerId: 'pa' },
  { own: b, target: a, peerId: 'pb' },
] as const;
const play = (pairing: Pairing, events: ReturnType<typeof pairUp>): Pairing => events.reduce(pairingFold.evolve, pairing);
const linked = play(pairingFold.initial, pairUp(group, sides, facts, pairingFold.initial));

describe('the pairs of a group', () => {
  it('are linked in one go, once', () => {
    expect(linked.consents).toMatchObject([
      { peerId: 'pa', status: 'created', name: 'mesh-net2' },
      { peerId: 'pb', status: 'created', name: 'mesh-net1' },
    ]);
    expect(pairUp(group, sides, facts, linked)).toEqual([]);
    expect(pairsOf([1, 2, 3])).toEqual([
      [1, 2],
      [1, 3],
      [2, 3],
    ]);
  });

  it('are mended where somebody has deleted one side', () => {
    const broken = play(linked, [
      {
        type: 'NetworkPeerDeleted',
        data: { pairingId: 'x', peerId: 'pa', networkId: 'n1', project: 'default', networkName: 'net1', name: 'mesh-net2', erroredPeerId: 'pb' },
      },
    ]);
    const again = [
      { ...sides[0], peerId: 'pa2' },
      { ...sides[1], peerId: 'pb2' },
    ] as const;
    expect(play(broken, pairUp(group, again, facts, broken)).consents.map(({ peerId, status }) => [peerId, status])).toEqual([
      ['pa2', 'created'],
      ['pb2', 'created'],
    ]);
  });

  it('complete what a user has begun, and leave it when they go', () => {
    const begun: Pairing = { consents: [{ ...linked.consents[0]!, peerId: 'mine', groupId: null, status: 'pending' }] };
    const completed = play(begun, pairUp(group, sides, facts, begun));
    expect(completed.consents).toMatchObject([
      { peerId: 'mine', status: 'created' },
      { peerId: 'pb', status: 'created' },
    ]);
    expect(
      play(
        completed,
        unpair('g', () => false, completed),
      ).consents,
    ).toMatchObject([{ peerId: 'mine', status: 'errored' }]);
  });

  it('go with the group, and may not overlap', () => {
    expect(
      play(
        linked,
        unpair('g', () => false, linked),
      ).consents,
    ).toEqual([]);
    expect(() => unpair('g', () => true, linked)).toThrow('Cannot delete a Peer that is in use');
    const overlap = { ...facts, subnets: [['10.1.0.0/16'], ['10.1.2.0/24']] } as const;
    expect(() => pairUp(group, sides, overlap, pairingFold.initial)).toThrow(expect.objectContaining({ code: 'network.overlap' }));
  });
});

describe('a group', () => {
  const create: GroupCommand = { type: 'create', groupId: 'g', project: 'default', name: 'mesh', description: '', config: {}, members: ['b', 'a', 'a'] };
  const [created] = decidePeerGroup(create, peerGroupFold.initial) as [Extract<NetworkPeerGroupEvent, { type: 'NetworkPeerGroupCreated' }>];
  const state = peerGroupFold.evolve(peerGroupFold.initial, created);

  it('has each member once', () => {
    expect(created.data.members).toEqual(['a', 'b']);
    expect(decidePeerGroup({ type: 'update', mode: 'merge', members: ['c'] }, state)[0]?.data).toMatchObject({ members: ['c'], name: 'mesh' });
    expect(decidePeerGroup({ type: 'update', mode: 'merge', ifMatch: peerGroupEtag(created.data) }, state)[0]?.data).toMatchObject({ members: ['a', 'b'] });
  });

  it('refuses bad names, other keys, old versions, and the dead', () => {
    expect(() => decidePeerGroup({ ...create, name: '@x' }, peerGroupFold.initial)).toThrow('reserved character');
    expect(() => decidePeerGroup({ type: 'update', mode: 'merge', config: { a: 'b' } }, state)).toThrow('Invalid option "a"');
    expect(() => decidePeerGroup({ type: 'update', mode: 'merge', ifMatch: 'old' }, state)).toThrow(expect.objectContaining({ code: 'etag.mismatch' }));
    expect(() => decidePeerGroup({ type: 'delete' }, { status: 'deleted' })).toThrow('Network peer group not found');
  });
});
