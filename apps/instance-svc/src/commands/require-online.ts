import { WeftError } from '@weft/contracts';
import type { Deps } from '../instance.deps';

/**
 * Work for a member that is away would only wait for its deadline: say so at once. Only just after the start of this
 * process a member is waited for, a few seconds at most.
 */
export async function requireOnline({ members }: Pick<Deps, 'members'>, member: string): Promise<void> {
  if (members.get(member)?.online) return;
  await members.heard(member);
  if (!members.get(member)?.online) throw new WeftError('member.unavailable', `Member ${member} is offline: start its host agent and try again`);
}
