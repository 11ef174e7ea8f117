import { checkEtag, WeftError, type NetworkPeerEvent } from '@weft/contracts';
import { checkUserConfig } from './acl.decider';
import { overlaps, parseSubnet } from './ip-address';
import { checkAclLikeName } from './network.names';
import { pairingId, peerEtag, type Consent, type NetworkName, type Pairing } from './pairing.state';

/** What must be known to link two networks: their subnets, and those of the peers that each has already. */
export interface LinkFacts {
  /** Of the network that agrees now, then of the one that has agreed before. */
  subnets: readonly [readonly string[], readonly string[]];
  neighbours: readonly [readonly Neighbour[], readonly Neighbour[]];
}
export interface Neighbour {
  name: string;
  subnets: readonly string[];
}

export interface NetworkRef extends NetworkName {
  networkId: string;
  type: string;
}

export type PairingCommand =
  | {
      type: 'agree';
      peerId: string;
      own: NetworkRef;
      target: NetworkName;
      name: string;
      description: string;
      config: Readonly<Record<string, string>>;
      groupId: string | null;
      /** Read only when the other side has agreed: nothing is disclosed before. */
      facts: LinkFacts | undefined;
    }
  | {
      type: 'update';
      peerId: string;
      mode: 'replace' | 'merge';
      ifMatch?: string;
      description?: string;
      config?: Readonly<Record<string, string>>;
    }
  | { type: 'withdraw'; peerId: string; inUse: boolean };

/** `inUse`: a rule of an ACL names the peer. */
export function decidePairing(command: PairingCommand, pairing: Pairing): NetworkPeerEvent[] {
  if (command.type === 'agree') return agree(command, pairing);
  const consent = pairing.consents.find((one) => one.peerId === command.peerId);
  if (!consent) throw new WeftError('network-peer.not-found', 'Network peer not found');
  const { peerId, networkId, project, networkName, name } = consent;
  const place = { pairingId: idOf(consent), peerId, networkId, project, networkName, name };
  switch (command.type) {
    case 'update': {
      checkEtag(command.ifMatch, peerEtag(consent));
      const merge = command.mode === 'merge';
      const description = command.description ?? (merge ? consent.description : '');
      const config = checkUserConfig('network-peer.invalid', merge ? { ...consent.config, ...command.config } : (command.config ?? {}));
      return [{ type: 'NetworkPeerUpdated', data: { ...place, description, config } }];
    }
    case 'withdraw': {
      if (command.inUse) throw new WeftError('network-peer.in-use', 'Cannot delete a Peer that is in use');
      const other = consent.status === 'created' ? pairing.consents.find((one) => one.peerId !== peerId && one.status === 'created') : undefined;
      return [{ type: 'NetworkPeerDeleted', data: { ...place, erroredPeerId: other?.peerId ?? null } }];
    }
    default:
      return command satisfies never;
  }
}

const idOf = ({ project, networkName, targetProject, targetNetwork }: Consent): string =>
  pairingId({ project, network: networkName }, { project: targetProject, network: targetNetwork });

/** The other side's consent, if it waits for this one. */
export const waiting = ({ consents }: Pairing, ownId: string): Consent | undefined =>
  consents.find((one) => one.status === 'pending' && one.networkId !== ownId);

function agree(command: Extract<PairingCommand, { type: 'agree' }>, pairing: Pairing): NetworkPeerEvent[] {
  const { peerId, own, target, name, description, groupId } = command;
  if (own.type !== 'ovn') throw new WeftError('network-peer.invalid', `Network driver "${own.type}" does not support peering`);
  checkAclLikeName('network-peer.invalid', name);
  if (target.network === '') throw new WeftError('network-peer.invalid', 'Target network is required');
  if (own.project === target.project && own.network === target.network) throw new WeftError('network-peer.invalid', 'Cannot peer a network with itself');
  if (pairing.consents.some((one) => one.networkId === own.networkId && one.status !== 'errored')) {
    throw new WeftError('network-peer.exists', 'Failed creating peer: A peer for that target network already exists');
  }
  const config = checkUserConfig('network-peer.invalid', command.config);
  const id = pairingId(own, target);
  const place = { pairingId: id, peerId, networkId: own.networkId, project: own.project, networkName: own.network, name };
  const created: NetworkPeerEvent = {
    type: 'NetworkPeerCreated',
    data: { ...place, description, config, targetProject: target.project, targetNetwork: target.network, groupId },
  };
  const other = waiting(pairing, own.networkId);
  if (!other) return [created];
  if (!command.facts) throw new Error('facts are needed to link two networks');
  checkOverlap(command.facts, own, other);
  return [created, { type: 'NetworkPeersLinked', data: { pairingId: id, peerIds: [other.peerId, peerId], networkIds: [other.networkId, own.networkId] } }];
}

function checkOverlap({ subnets: [mine, theirs], neighbours: [myPeers, theirPeers] }: LinkFacts, own: NetworkName, other: Consent): void {
  const target = `${other.project}/${other.networkName}`;
  const clash = firstOverlap(mine, theirs);
  if (clash) throw new WeftError('network.overlap', `Failed creating peer: Subnet "${clash}" of this network overlaps with that of "${target}"`);
  refuseAmong(theirs, myPeers, `the subnet of "${target}" overlaps with that of the peer`);
  // Which peers the other network has is none of this side's business.
  if (theirPeers.some((peer) => firstOverlap(mine, peer.subnets))) {
    throw new WeftError('network.overlap', `Failed creating peer: The subnet of "${own.network}" overlaps with that of another peer of "${target}"`);
  }
}

function refuseAmong(subnets: readonly string[], peers: readonly Neighbour[], what: string): void {
  const peer = peers.find((one) => firstOverlap(subnets, one.subnets));
  if (peer) throw new WeftError('network.overlap', `Failed creating peer: ${what} "${peer.name}": packets could not be routed`);
}

const firstOverlap = (a: readonly string[], b: readonly string[]): string | undefined =>
  a.find((one) => b.some((other) => overlaps(parseSubnet(one)!, parseSubnet(other)!)));
