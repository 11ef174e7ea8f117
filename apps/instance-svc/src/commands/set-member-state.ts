import { WeftError, type InstanceCommandBody, type LxdOperation, type Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { leave } from '../domain/evacuation.plan';
import { decideMember } from '../domain/member.decider';
import { memberFold, memberStream, type MemberState } from '../domain/member.state';
import type { Deps } from '../instance.deps';
import { findAbsent, findMemberWork, listResidents } from '../queries/find-evacuation';
import { findMemberPolicies } from '../queries/find-members';
import { EVACUATE, RESTORE, type EvacuateParams, type RestoreParams } from '../sagas/member.sagas';
import { requireUnrestricted } from './authorize';
import { startOperation } from './operations';
import { requireOnline } from './require-online';

/** Disks of terabytes are copied meanwhile. */
const LIMIT_MS = 7 * 24 * 3600_000;

type Body = InstanceCommandBody<'member.set-state'>;

/** `POST /1.0/cluster/members/<name>/state`. What the member is from now on is recorded at once; instances follow. */
export const setMemberState: CommandHandler<'member.set-state'> = async (deps, meta, body) => {
  requireUnrestricted(meta);
  const members = await findMemberPolicies(deps.pool);
  if (!members.has(body.name) || members.get(body.name)?.status === 'removed') throw new WeftError('member.not-found', 'Cluster member not found');
  if (members.size < 2) throw new WeftError('request.invalid', 'Server is not clustered: there is no other member for the instances');
  await requireOnline(deps, body.name);
  const underWay = await findMemberWork(deps.pool, body.name, [EVACUATE, RESTORE]);
  if (underWay) throw new WeftError('member.busy', `The member is being ${underWay === EVACUATE ? 'evacuated' : 'restored'} just now: wait for that operation`);
  return execute(deps, meta, 'member.set-state', body, async (uow) => {
    const { state } = await uow.load(memberFold, memberStream(body.name));
    return body.action === 'evacuate' ? evacuate(deps, uow, meta, body, state) : restore(deps, uow, meta, body, state);
  });
};

/** Where an earlier evacuation has left something behind, this one goes on. */
async function evacuate(deps: Deps, uow: UnitOfWork, meta: Meta, { name, mode }: Body, state: MemberState): Promise<LxdOperation> {
  const goesOn = state.status === 'evacuated' && (await listResidents(deps.pool, name)).some((row) => leave(row, mode) !== undefined);
  if (!goesOn) uow.append(memberStream(name), decideMember({ type: 'evacuate' }, state));
  const params: Omit<EvacuateParams, 'operation'> = { meta, member: name, mode };
  return open(deps, uow, meta, 'Evacuating cluster member', { type: EVACUATE, params });
}

async function restore(deps: Deps, uow: UnitOfWork, meta: Meta, { name, mode }: Body, state: MemberState): Promise<LxdOperation> {
  if (mode !== '') throw new WeftError('request.invalid', 'A mode can only be given for an evacuation: instances come back as they left');
  uow.append(memberStream(name), decideMember({ type: 'restore' }, state));
  const params: Omit<RestoreParams, 'operation'> = { meta, member: name, absent: await findAbsent(deps.pool, name) };
  return open(deps, uow, meta, 'Restoring cluster member', { type: RESTORE, params });
}

const open = (
  deps: Deps,
  uow: UnitOfWork,
  meta: Meta,
  description: string,
  saga: { type: string; params: Omit<EvacuateParams | RestoreParams, 'operation'> },
) =>
  startOperation(deps, uow, meta, {
    description,
    resources: { 'cluster-members': [`/1.0/cluster/members/${saga.params.member}`] },
    location: saga.params.member,
    timeLimitMs: LIMIT_MS,
    saga,
  });
