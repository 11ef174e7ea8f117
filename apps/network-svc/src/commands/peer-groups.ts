import { newId, WeftError, type Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute, type CommandResult } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { formatSubnet } from '../domain/ip-address';
import { networkSubnets } from '../domain/network.settle';
import { pairingFold, pairingId, pairingStream, type Consent } from '../domain/pairing.state';
import { decidePeerGroup, pairsOf, pairUp, peerGroupFold, peerGroupStream, unpair, type ActiveGroup, type GroupMember } from '../domain/peer-group.decider';
import type { Deps } from '../network.deps';
import { findNetworksById, peerSubnets, requireNetwork, type NetworkRow } from '../queries/find-networks';
import { isPeerMentioned, linkChanged } from '../queries/find-peers';
import { findProject, type ProjectFacts } from '../queries/find-project';
import { requireProject } from './authorize';
import { appendIn, loadState, ownProject } from './network-place';

interface MemberRef {
  project: string;
  network: string;
}

export const createPeerGroup: CommandHandler<'network-peer-group.create'> = (deps, meta, body) =>
  change(deps, meta, 'network-peer-group.create', body, async (uow, { owner }) => {
    if ((await groupId(deps, owner, body.name)) !== undefined) throw new WeftError('network-peer-group.exists', 'The network peer group already exists');
    const { name, description, config } = body;
    const members = await memberRows(deps, meta, body.networks);
    const id = newId();
    const create = { type: 'create' as const, groupId: id, project: owner, name, description, config, members: members.map(({ networkId }) => networkId) };
    appendIn(uow, owner, peerGroupStream(id), decidePeerGroup(create, peerGroupFold.initial));
    return link(deps, uow, { groupId: id, name }, members);
  });

export const updatePeerGroup: CommandHandler<'network-peer-group.update'> = (deps, meta, body) =>
  change(deps, meta, 'network-peer-group.update', body, async (uow, { owner }) => {
    const group = await loadGroup(deps, uow, owner, body.name);
    const { networks, name: _name, ...fields } = body;
    const members = networks && (await memberRows(deps, meta, networks));
    return settleMembers(deps, uow, meta, group, { ...fields, members: members?.map(({ networkId }) => networkId) });
  });

export const joinPeerGroup: CommandHandler<'network-peer-group.join'> = (deps, meta, body) =>
  change(deps, meta, 'network-peer-group.join', body, async (uow, { owner }) => {
    const group = await loadGroup(deps, uow, owner, body.name);
    const [joining] = await memberRows(deps, meta, [body]);
    return settleMembers(deps, uow, meta, group, { mode: 'merge', members: [...group.members, joining!.networkId] });
  });

export const leavePeerGroup: CommandHandler<'network-peer-group.leave'> = (deps, meta, body) =>
  change(deps, meta, 'network-peer-group.leave', body, async (uow, { owner }) => {
    const group = await loadGroup(deps, uow, owner, body.name);
    const [leaving] = await memberRows(deps, meta, [body]);
    return settleMembers(deps, uow, meta, group, { mode: 'merge', members: group.members.filter((id) => id !== leaving!.networkId) });
  });

export const deletePeerGroup: CommandHandler<'network-peer-group.delete'> = (deps, meta, body) =>
  change(deps, meta, 'network-peer-group.delete', body, async (uow, { owner }) => {
    const group = await loadGroup(deps, uow, owner, body.name);
    appendIn(uow, owner, peerGroupStream(group.groupId), decidePeerGroup({ type: 'delete' }, group));
    return unlink(deps, uow, meta, group, pairsOf(await rowsOf(deps, group.members)));
  });

/** `work` gives the ids of the pairings that it has changed. */
async function change(
  deps: Deps,
  meta: Meta,
  name: string,
  body: object,
  work: (uow: UnitOfWork, project: ProjectFacts) => Promise<string[]>,
): Promise<CommandResult> {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const done = await execute(deps, meta, name, body, async (uow) => ({ pairings: [...new Set(await work(uow, project))] }));
  const { pairings } = done.result as { pairings: string[] };
  if (pairings.length > 0) await deps.dataPlane.settle(await linkChanged(deps.pool, pairings));
  return { ...done, result: {} };
}

type Fields = Omit<Extract<Parameters<typeof decidePeerGroup>[0], { type: 'update' }>, 'type'>;

async function settleMembers(deps: Deps, uow: UnitOfWork, meta: Meta, group: ActiveGroup, fields: Fields): Promise<string[]> {
  const events = decidePeerGroup({ type: 'update', ...fields }, group);
  appendIn(uow, group.project, peerGroupStream(group.groupId), events);
  const after = events.reduce(peerGroupFold.evolve, group) as ActiveGroup;
  const leaving = new Set(group.members.filter((id) => !after.members.includes(id)));
  const lost = pairsOf(await rowsOf(deps, group.members)).filter(([a, b]) => leaving.has(a.networkId) || leaving.has(b.networkId));
  const parted = await unlink(deps, uow, meta, group, lost);
  return [...parted, ...(await link(deps, uow, group, await rowsOf(deps, after.members)))];
}

/** Both consents of a pair are the caller's: each network must be one that it may change. @throws WeftError `auth.forbidden` */
async function memberRows(deps: Deps, meta: Meta, refs: readonly MemberRef[]): Promise<NetworkRow[]> {
  const rows: NetworkRow[] = [];
  for (const { project: name, network } of refs) {
    const { owner } = await findProject(deps, name || meta.project);
    requireProject(meta, owner);
    const row = await requireNetwork(deps.pool, owner, network);
    if (row.type !== 'ovn') throw new WeftError('network-peer.invalid', `Network driver "${row.type}" does not support peering`);
    rows.push(row);
  }
  return rows;
}

const rowsOf = async ({ pool }: Deps, ids: readonly string[]): Promise<NetworkRow[]> => [...(await findNetworksById(pool, ids)).values()];

async function groupId({ pool }: Deps, project: string, name: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ id: string }>('SELECT group_id AS id FROM peer_group WHERE project = $1 AND name = $2', [project, name]);
  return rows[0]?.id;
}

async function loadGroup(deps: Deps, uow: UnitOfWork, project: string, name: string): Promise<ActiveGroup> {
  const id = await groupId(deps, project, name);
  const state = id === undefined ? peerGroupFold.initial : await loadState(uow, peerGroupFold, peerGroupStream(id));
  if (state.status !== 'active') throw new WeftError('network-peer-group.not-found', 'Network peer group not found');
  return state;
}

const member = ({ networkId, project, name, type, number }: NetworkRow): GroupMember => ({ networkId, project, network: name, type, number });
const subnets = ({ config }: NetworkRow): string[] => networkSubnets(config).map(formatSubnet);

async function link(deps: Deps, uow: UnitOfWork, group: { groupId: string; name: string }, rows: readonly NetworkRow[]): Promise<string[]> {
  const touched: string[] = [];
  const neighbours = new Map<string, Awaited<ReturnType<typeof peerSubnets>>>();
  for (const row of rows) neighbours.set(row.networkId, await peerSubnets(deps.pool, row.networkId));
  for (const [a, b] of pairsOf(rows)) {
    const [one, other] = [member(a), member(b)];
    const id = pairingId(one, other);
    const stream = pairingStream(id);
    const facts = {
      subnets: [subnets(a), subnets(b)] as const,
      neighbours: [neighbours.get(a.networkId)!, neighbours.get(b.networkId)!] as const,
    };
    const sides = [
      { own: one, target: other, peerId: newId() },
      { own: other, target: one, peerId: newId() },
    ] as const;
    const events = pairUp(group, sides, facts, await loadState(uow, pairingFold, stream));
    appendIn(uow, a.project, stream, events);
    if (events.length > 0) touched.push(id);
  }
  return touched;
}

async function unlink({ pool }: Deps, uow: UnitOfWork, meta: Meta, group: ActiveGroup, pairs: readonly [NetworkRow, NetworkRow][]): Promise<string[]> {
  const touched: string[] = [];
  for (const [a, b] of pairs) {
    for (const { project } of [a, b]) requireProject(meta, project);
    const id = pairingId(member(a), member(b));
    const stream = pairingStream(id);
    const pairing = await loadState(uow, pairingFold, stream);
    const used = new Set<string>();
    for (const one of pairing.consents) if (await isPeerMentioned(pool, one.project, one.networkName, one.name)) used.add(one.peerId);
    const events = unpair(group.groupId, ({ peerId }: Consent) => used.has(peerId), pairing);
    appendIn(uow, a.project, stream, events);
    if (events.length > 0) touched.push(id);
  }
  return touched;
}
