import { newId, WeftError } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { networkSubnets } from '../domain/network.settle';
import { formatSubnet } from '../domain/ip-address';
import { decidePairing, waiting, type LinkFacts } from '../domain/pairing.decider';
import { pairingFold, pairingId, pairingStream, type NetworkName, type Pairing } from '../domain/pairing.state';
import { DEFAULT_PROJECT } from '../domain/network.state';
import type { Deps } from '../network.deps';
import { findNetworksById, peerSubnets, requireNetwork, type NetworkRow } from '../queries/find-networks';
import { isPeerMentioned, isPeerNameTaken, linkChanged, requirePeer } from '../queries/find-peers';
import type { ProjectFacts } from '../queries/find-project';
import { appendIn, loadState, ownProject } from './network-place';

interface Agreement {
  own: NetworkRow;
  target: NetworkName;
  name: string;
  description: string;
  config: Record<string, string>;
  groupId: string | null;
}

export const createPeer: CommandHandler<'network-peer.create'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const [own, owner] = await Promise.all([requireNetwork(deps.pool, project.owner, body.network), targetProject(deps, project, body.targetProject)]);
  const target = { project: owner, network: body.targetNetwork };
  const { name, description, config } = body;
  const done = await execute(deps, meta, 'network-peer.create', body, async (uow) => {
    const linked = await agree(deps, uow, { own, target, name, description, config, groupId: null });
    return { status: linked ? 'Created' : 'Pending', pairings: linked ? [linked] : [] };
  });
  const { status, pairings } = done.result as { status: string; pairings: string[] };
  if (pairings.length > 0) await deps.dataPlane.settle(await linkChanged(deps.pool, pairings));
  return { ...done, result: { status } };
};

/** A project that shares the networks of `default` means those; one that does not exist means itself: nothing is disclosed. */
async function targetProject({ pool, projects }: Deps, project: ProjectFacts, given: string): Promise<string> {
  const name = given || project.name;
  // What is known of these already.
  if (name === project.name) return project.owner;
  if (name === DEFAULT_PROJECT) return name;
  await projects.upToDate();
  const { rows } = await pool.query<{ owner: string }>('SELECT networks_project AS owner FROM project WHERE name = $1', [name]);
  return rows[0]?.owner ?? name;
}

/** Appends one side's consent. The pairing's id when that links the two. */
async function agree(deps: Deps, uow: UnitOfWork, { own, target, name, description, config, groupId }: Agreement): Promise<string | undefined> {
  const side = { networkId: own.networkId, project: own.project, network: own.name, type: own.type };
  const stream = pairingStream(pairingId(side, target));
  const pairing = await loadState(uow, pairingFold, stream);
  const [isTaken, facts] = await Promise.all([isPeerNameTaken(deps.pool, own.networkId, name), linkFacts(deps, pairing, own)]);
  if (isTaken) throw new WeftError('network-peer.exists', 'Failed creating peer: A peer for that name already exists');
  const events = decidePairing({ type: 'agree', peerId: newId(), own: side, target, name, description, config, groupId, facts }, pairing);
  appendIn(uow, own.project, stream, events);
  return events.find((event) => event.type === 'NetworkPeersLinked')?.data.pairingId;
}

async function linkFacts({ pool }: Deps, pairing: Pairing, own: NetworkRow): Promise<LinkFacts | undefined> {
  const other = waiting(pairing, own.networkId);
  if (!other) return undefined;
  const [found, mine, theirs] = await Promise.all([
    findNetworksById(pool, [other.networkId]),
    peerSubnets(pool, own.networkId),
    peerSubnets(pool, other.networkId),
  ]);
  const subnets = (config: Readonly<Record<string, string>>): string[] => networkSubnets(config).map(formatSubnet);
  return { subnets: [subnets(own.config), subnets(found.get(other.networkId)?.config ?? {})], neighbours: [mine, theirs] };
}

export const updatePeer: CommandHandler<'network-peer.update'> = async (deps, meta, body) => {
  const project = await ownProject(deps, meta);
  const own = await requireNetwork(deps.pool, project.owner, body.network);
  return execute(deps, meta, 'network-peer.update', body, async (uow) => {
    const { peerId, pairingId: id } = await requirePeer(deps.pool, own.networkId, body.name);
    const { network: _network, name: _name, ...change } = body;
    const pairing = await loadState(uow, pairingFold, pairingStream(id));
    appendIn(uow, project.owner, pairingStream(id), decidePairing({ type: 'update', peerId, ...change }, pairing));
    return {};
  });
};

export const deletePeer: CommandHandler<'network-peer.delete'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const own = await requireNetwork(deps.pool, project.owner, body.network);
  const done = await execute(deps, meta, 'network-peer.delete', body, async (uow) => ({ pairings: await withdraw(deps, uow, own, body.name) }));
  const { pairings } = done.result as { pairings: string[] };
  if (pairings.length > 0) await deps.dataPlane.settle(await linkChanged(deps.pool, pairings));
  return { ...done, result: {} };
};

/** Appends that one side takes its consent back. The pairing's id when that parts the two. */
async function withdraw(deps: Deps, uow: UnitOfWork, own: NetworkRow, name: string): Promise<string[]> {
  const peer = await requirePeer(deps.pool, own.networkId, name);
  const stream = pairingStream(peer.pairingId);
  const inUse = await isPeerMentioned(deps.pool, own.project, own.name, name);
  const events = decidePairing({ type: 'withdraw', peerId: peer.peerId, inUse }, await loadState(uow, pairingFold, stream));
  appendIn(uow, own.project, stream, events);
  return peer.otherNetworkId === null ? [] : [peer.pairingId];
}
