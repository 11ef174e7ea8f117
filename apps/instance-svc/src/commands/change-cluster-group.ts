/** Groups of members. Who belongs to one is part of the members: a change of a group's members is one of theirs. */
import { newId, WeftError } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideClusterGroup, type ClusterGroupCommand } from '../domain/cluster-group.decider';
import { clusterGroupFold, clusterGroupStream } from '../domain/cluster-group.state';
import { decideMember } from '../domain/member.decider';
import { isEnrolled, memberFold, memberStream } from '../domain/member.state';
import type { Deps } from '../instance.deps';
import { findClusterGroups, type ClusterGroupFacts } from '../queries/find-members';
import { requireUnrestricted } from './authorize';

export const createClusterGroup: CommandHandler<'cluster-group.create'> = (deps, meta, body) =>
  execute(deps, meta, 'cluster-group.create', body, async (uow) => {
    requireUnrestricted(meta);
    if ((await findClusterGroups(deps.pool)).some(({ name }) => name === body.name))
      throw new WeftError('cluster-group.exists', `Cluster group "${body.name}" already exists`);
    const id = newId();
    const { name, description } = body;
    uow.append(clusterGroupStream(id), decideClusterGroup({ type: 'create', id, name, description }, clusterGroupFold.initial));
    await regroup(uow, body.members, (groups) => [...groups, name]);
    return {};
  });

export const updateClusterGroup: CommandHandler<'cluster-group.update'> = (deps, meta, body) =>
  execute(deps, meta, 'cluster-group.update', body, async (uow) => {
    requireUnrestricted(meta);
    const group = await requireClusterGroup(deps, body.name);
    const { mode, ifMatch, description } = body;
    await append(uow, group, { type: 'update', mode, ifMatch, description, members: group.members });
    const wanted = body.members ?? (mode === 'merge' ? group.members : []);
    await regroup(
      uow,
      wanted.filter((name) => !group.members.includes(name)),
      (groups) => [...groups, group.name],
    );
    await regroup(
      uow,
      group.members.filter((name) => !wanted.includes(name)),
      (groups) => groups.filter((name) => name !== group.name),
    );
    return {};
  });

export const renameClusterGroup: CommandHandler<'cluster-group.rename'> = (deps, meta, body) =>
  execute(deps, meta, 'cluster-group.rename', body, async (uow) => {
    requireUnrestricted(meta);
    const group = await requireClusterGroup(deps, body.name);
    if ((await findClusterGroups(deps.pool)).some(({ name }) => name === body.newName))
      throw new WeftError('cluster-group.exists', `Name "${body.newName}" already in use`);
    await append(uow, group, { type: 'rename', newName: body.newName });
    await regroup(uow, group.members, (groups) => groups.map((name) => (name === group.name ? body.newName : name)));
    return {};
  });

export const deleteClusterGroup: CommandHandler<'cluster-group.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'cluster-group.delete', body, async (uow) => {
    requireUnrestricted(meta);
    const group = await requireClusterGroup(deps, body.name);
    await append(uow, group, { type: 'delete', members: group.members });
    return {};
  });

async function requireClusterGroup(deps: Deps, name: string): Promise<ClusterGroupFacts> {
  const group = (await findClusterGroups(deps.pool)).find((one) => one.name === name);
  if (!group) throw new WeftError('cluster-group.not-found', 'Cluster group not found');
  return group;
}

async function append(uow: UnitOfWork, group: ClusterGroupFacts, command: ClusterGroupCommand): Promise<void> {
  const stream = clusterGroupStream(group.id);
  const { state } = await uow.load(clusterGroupFold, stream);
  uow.append(stream, decideClusterGroup(command, state));
}

async function regroup(uow: UnitOfWork, members: readonly string[], change: (groups: readonly string[]) => readonly string[]): Promise<void> {
  for (const name of members) {
    const { state } = await uow.load(memberFold, memberStream(name));
    if (!isEnrolled(state)) throw new WeftError('member.not-found', `Cluster member "${name}" not found`);
    uow.append(memberStream(name), decideMember({ type: 'set-groups', groups: change(state.groups) }, state));
  }
}
