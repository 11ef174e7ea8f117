import { WeftError } from '@weft/contracts';
import type { CommandHandler } from '../api/command-handler';
import { requireProject } from './authorize';
import { findMemberPolicies } from '../queries/find-members';
import { projectOf } from '../queries/effective-project';

/** An upload goes to the online member with the most room, not to one that is being emptied; the others fetch the image from there when they need it. */
export const chooseImageMember: CommandHandler<'image.choose-member'> = async (deps, meta) => {
  const { imagesProject } = await projectOf(deps.pool, meta);
  requireProject(meta, imagesProject);
  await deps.members.heard();
  const room = (name: string): number => deps.members.get(name)?.heartbeat.resources.diskFreeBytes ?? 0;
  const policies = await findMemberPolicies(deps.pool);
  const stays = (name: string): boolean => ['active', undefined].includes(policies.get(name)?.status);
  const online = deps.members
    .all()
    .filter((member) => member.online && stays(member.name))
    .map(({ name }) => name);
  const [member] = online.sort((a, b) => room(b) - room(a) || (a < b ? -1 : 1));
  if (member === undefined)
    throw new WeftError('member.unavailable', 'No member is there to take the image: is a host agent running, and its member not evacuated?');
  return { result: { member } };
};
