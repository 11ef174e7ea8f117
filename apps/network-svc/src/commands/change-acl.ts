import { newId, WeftError } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideAcl } from '../domain/acl.decider';
import { aclFold, aclStream, type ActiveAcl } from '../domain/acl.state';
import type { Deps } from '../network.deps';
import { aclId, aclNames, isAclInUse } from '../queries/find-acls';
import { nextNumber } from '../queries/find-networks';
import { appendIn, loadState, ownProject } from './network-place';
import { allocating } from './allocating';

export const createAcl: CommandHandler<'network-acl.create'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const { owner } = await ownProject(deps, meta);
  return allocating(['acl'], () =>
    execute(deps, meta, 'network-acl.create', body, async (uow) => {
      if ((await aclId(deps.pool, owner, body.name)) !== undefined) throw new WeftError('network-acl.exists', 'The network ACL already exists');
      const id = newId();
      const names = await aclNames(deps.pool, owner, body.name);
      const events = decideAcl({ type: 'create', aclId: id, project: owner, ...body, number: await nextNumber(deps.pool, 'acl'), names }, aclFold.initial);
      appendIn(uow, owner, aclStream(id), events);
      return {};
    }),
  );
};

export const updateAcl: CommandHandler<'network-acl.update'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const { owner } = await ownProject(deps, meta);
  const done = await execute(deps, meta, 'network-acl.update', body, async (uow) => {
    const { name, ...change } = body;
    const [state, names] = await Promise.all([loadAcl(deps, uow, owner, name), aclNames(deps.pool, owner, name)]);
    const events = decideAcl({ type: 'update', ...change, names }, state);
    appendIn(uow, owner, aclStream(state.aclId), events);
    return { aclId: state.aclId };
  });
  await deps.dataPlane.settle({ acls: [(done.result as { aclId: string }).aclId] });
  return { ...done, result: {} };
};

export const renameAcl: CommandHandler<'network-acl.rename'> = async (deps, meta, body) => {
  const { owner } = await ownProject(deps, meta);
  return execute(deps, meta, 'network-acl.rename', body, async (uow) => {
    const state = await loadAcl(deps, uow, owner, body.name);
    const events = decideAcl({ type: 'rename', newName: body.newName, inUse: await isAclInUse(deps.pool, state.aclId) }, state);
    if ((await aclId(deps.pool, owner, body.newName)) !== undefined) throw new WeftError('network-acl.exists', 'An ACL by that name exists already');
    appendIn(uow, owner, aclStream(state.aclId), events);
    return {};
  });
};

export const deleteAcl: CommandHandler<'network-acl.delete'> = async (deps, meta, body) => {
  const { owner } = await ownProject(deps, meta);
  return execute(deps, meta, 'network-acl.delete', body, async (uow) => {
    const state = await loadAcl(deps, uow, owner, body.name);
    appendIn(uow, owner, aclStream(state.aclId), decideAcl({ type: 'delete', inUse: await isAclInUse(deps.pool, state.aclId) }, state));
    return {};
  });
};

async function loadAcl({ pool }: Deps, uow: UnitOfWork, project: string, name: string): Promise<ActiveAcl> {
  const id = await aclId(pool, project, name);
  const state = id === undefined ? aclFold.initial : await loadState(uow, aclFold, aclStream(id));
  if (state.status !== 'active') throw new WeftError('network-acl.not-found', 'Network ACL not found');
  return state;
}
