import { WeftError } from '@weft/contracts';
import type { Deps } from '../instance.deps';

/** Work for a member that is away would only wait for its deadline: say so at once. */
export function requireOnline(deps: Pick<Deps, 'members'>, member: string): void {
  if (!deps.members.get(member)?.online) throw new WeftError('member.unavailable', `Member ${member} is offline: start its host agent and try again`);
}
