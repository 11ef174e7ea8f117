import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideMember } from '../domain/member.decider';
import { memberFold, memberStream } from '../domain/member.state';
import { findClusterGroups, findInstancesOn } from '../queries/find-members';
import { requireUnrestricted } from './authorize';

export const updateMember: CommandHandler<'member.update'> = (deps, meta, body) =>
  execute(deps, meta, 'member.update', body, async (uow) => {
    requireUnrestricted(meta);
    const { name, ...change } = body;
    const knownGroups = (await findClusterGroups(deps.pool)).map((group) => group.name);
    const { state } = await uow.load(memberFold, memberStream(name));
    uow.append(memberStream(name), decideMember({ type: 'update', ...change, knownGroups }, state));
    return {};
  });

export const removeMember: CommandHandler<'member.remove'> = (deps, meta, body) =>
  execute(deps, meta, 'member.remove', body, async (uow) => {
    requireUnrestricted(meta);
    const { state } = await uow.load(memberFold, memberStream(body.name));
    uow.append(memberStream(body.name), decideMember({ type: 'remove', instances: await findInstancesOn(deps.pool, body.name) }, state));
    return {};
  });
