/** A peer group: networks of which each is a peer of each other one. Here is what a change of its members means. */
import { checkEtag, etagOf, sortedMap, WeftError, type NetworkPeerEvent, type NetworkPeerGroupEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { checkUserConfig } from './acl.decider';
import { checkAclLikeName } from './network.names';
import { decidePairing, waiting, type LinkFacts, type NetworkRef } from './pairing.decider';
import { pairingFold, type Consent, type Pairing } from './pairing.state';

export interface ActiveGroup {
  status: 'active';
  groupId: string;
  project: string;
  name: string;
  description: string;
  config: Record<string, string>;
  members: string[];
}
export type GroupAggregate = { status: 'none' } | ActiveGroup | { status: 'deleted' };

export const peerGroupFold: Fold<GroupAggregate, NetworkPeerGroupEvent> = {
  initial: { status: 'none' },
  evolve: (_state, event) => (event.type === 'NetworkPeerGroupDeleted' ? { status: 'deleted' } : { status: 'active', ...event.data }),
};
export const peerGroupStream = (id: string): string => `network-peer-group-${id}`;

export const peerGroupEtag = ({ name, description, config, members }: Pick<ActiveGroup, 'name' | 'description' | 'config' | 'members'>): string =>
  etagOf([name, description, sortedMap(config), members]);

export type GroupCommand =
  | {
      type: 'create';
      groupId: string;
      project: string;
      name: string;
      description: string;
      config: Readonly<Record<string, string>>;
      members: readonly string[];
    }
  | {
      type: 'update';
      mode: 'replace' | 'merge';
      ifMatch?: string;
      description?: string;
      config?: Readonly<Record<string, string>>;
      members?: readonly string[];
    }
  | { type: 'delete' };

const unique = (members: readonly string[]): string[] => [...new Set(members)].sort();

export function decidePeerGroup(command: GroupCommand, state: GroupAggregate): NetworkPeerGroupEvent[] {
  if (command.type === 'create') {
    const { type: _type, config, members, ...rest } = command;
    checkAclLikeName('network-peer.invalid', command.name);
    return [{ type: 'NetworkPeerGroupCreated', data: { ...rest, config: checkUserConfig('network-peer.invalid', config), members: unique(members) } }];
  }
  if (state.status !== 'active') throw new WeftError('network-peer-group.not-found', 'Network peer group not found');
  const { groupId, project, name } = state;
  if (command.type === 'delete') return [{ type: 'NetworkPeerGroupDeleted', data: { groupId, project, name } }];
  checkEtag(command.ifMatch, peerGroupEtag(state));
  const merge = command.mode === 'merge';
  const config = merge ? { ...state.config, ...command.config } : (command.config ?? {});
  const data = {
    ...{ groupId, project, name },
    description: command.description ?? (merge ? state.description : ''),
    config: checkUserConfig('network-peer.invalid', config),
    members: unique(command.members ?? (merge ? state.members : [])),
  };
  return [{ type: 'NetworkPeerGroupUpdated', data }];
}

export interface GroupMember extends NetworkRef {
  /** N in OVN's names: makes names of peers that are short and unique. */
  number: number;
}

interface Side {
  own: GroupMember;
  target: GroupMember;
  peerId: string;
}

/** Links two members: takes away what is broken, and adds the consents that are missing. Nothing for a linked pair. */
export function pairUp(group: { groupId: string; name: string }, sides: readonly [Side, Side], facts: LinkFacts, given: Pairing): NetworkPeerEvent[] {
  const broken = given.consents.filter((one) => one.groupId === group.groupId && one.status === 'errored');
  const events = broken.flatMap((one) => decidePairing({ type: 'withdraw', peerId: one.peerId, inUse: false }, given));
  let pairing = events.reduce(pairingFold.evolve, given);
  for (const { own, target, peerId } of sides) {
    if (pairing.consents.some((one) => one.networkId === own.networkId && one.status !== 'errored')) continue;
    const agreement = {
      type: 'agree' as const,
      peerId,
      own,
      target,
      name: `${group.name}-net${target.number}`,
      description: '',
      config: {},
      groupId: group.groupId,
    };
    // The facts are those of the first side; seen from the second one they are the other way round.
    const seen = own === sides[0].own ? facts : turned(facts);
    const next = decidePairing({ ...agreement, facts: waiting(pairing, own.networkId) ? seen : undefined }, pairing);
    pairing = next.reduce(pairingFold.evolve, pairing);
    events.push(...next);
  }
  return events;
}

const turned = ({ subnets: [a, b], neighbours: [c, d] }: LinkFacts): LinkFacts => ({ subnets: [b, a], neighbours: [d, c] });

/** Takes back what the group has made of a pair; peers that users made themselves stay. */
export function unpair(groupId: string, inUse: (consent: Consent) => boolean, given: Pairing): NetworkPeerEvent[] {
  const events: NetworkPeerEvent[] = [];
  let pairing = given;
  for (const consent of given.consents.filter((one) => one.groupId === groupId)) {
    const next = decidePairing({ type: 'withdraw', peerId: consent.peerId, inUse: inUse(consent) }, pairing);
    pairing = next.reduce(pairingFold.evolve, pairing);
    events.push(...next);
  }
  return events;
}

/** Every pair of the list, once. */
export const pairsOf = <T>(members: readonly T[]): [T, T][] => members.flatMap((one, at) => members.slice(at + 1).map((other): [T, T] => [one, other]));
