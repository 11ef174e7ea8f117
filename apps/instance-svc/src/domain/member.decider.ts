import { WeftError, type MemberEvent, type MemberSettings } from '@weft/contracts';
import { anything, oneOf, type ValueCheck } from './config-values';
import { checkEtag } from './etag';
import { DEFAULT_GROUP, isEnrolled, memberEtag, shownRoles, type EnrolledMember, type MemberState } from './member.state';

/** Who may be placed there: everything, only what names the member, or only what names one of its groups. */
export const SCHEDULER_KEY = 'scheduler.instance';
const KEYS: Readonly<Record<string, ValueCheck>> = { [SCHEDULER_KEY]: oneOf('all', 'manual', 'group') };
/** Roles that an administrator gives and takes. */
const MANUAL_ROLES: readonly string[] = ['event-hub', 'ovn-chassis'];
/** LXD's roles of its database: shown, sent back by clients that edit a member, and not for anybody to change. */
const AUTOMATIC_ROLES: readonly string[] = shownRoles([]);

const MEMBER_NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/;

export type MemberCommand =
  | { type: 'enrol'; name: string; architecture: string }
  /** `operationId`: of the token. */
  | { type: 'invite'; name: string; operationId?: string }
  /** `may`: by an open invitation, or because whoever set the platform up says so. */
  | { type: 'join'; name: string; architecture: string; may: boolean }
  | ({ type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; knownGroups: readonly string[] } & Partial<MemberSettings>)
  | { type: 'set-groups'; groups: readonly string[] }
  | { type: 'evacuate' }
  | { type: 'restore' }
  /** `instances`: names of those that are there. */
  | { type: 'remove'; instances: readonly string[] };

export function decideMember(command: MemberCommand, state: MemberState): MemberEvent[] {
  switch (command.type) {
    case 'enrol':
      if (isEnrolled(state) || state.status === 'removed') return [];
      return [{ type: 'MemberJoined', data: { name: command.name, architecture: command.architecture } }];
    case 'invite':
      if (isEnrolled(state)) throw new WeftError('request.invalid', `The cluster already has a member "${command.name}"`);
      if (!MEMBER_NAME.test(command.name)) throw new WeftError('request.invalid', `Invalid member name "${command.name}": give a host name`);
      return [{ type: 'MemberInvited', data: { name: command.name, operationId: command.operationId } }];
    case 'join':
      if (isEnrolled(state)) return [];
      if (!command.may) throw new WeftError('auth.forbidden', joinRefusal(command.name, state));
      return [{ type: 'MemberJoined', data: { name: command.name, architecture: command.architecture } }];
    case 'update':
    case 'set-groups':
    case 'evacuate':
    case 'restore':
    case 'remove':
      if (!isEnrolled(state)) throw new WeftError('member.not-found', 'Cluster member not found');
      return decideEnrolled(command, state);
    default:
      return command satisfies never;
  }
}

function joinRefusal(name: string, { status }: MemberState): string {
  const ask = `ask for a join token (lxc cluster add ${name}) and start the host agent with it (WEFT_JOIN_TOKEN)`;
  if (status === 'removed') return `${name} was removed from the cluster: to bring it back, ${ask}`;
  return status === 'invited'
    ? `The join token is not the one for ${name}, was used, revoked or has expired: ${ask}`
    : `${name} is no member of the cluster: ${ask}`;
}

function decideEnrolled(command: Exclude<MemberCommand, { type: 'enrol' | 'invite' | 'join' }>, state: EnrolledMember): MemberEvent[] {
  const { name } = state;
  switch (command.type) {
    case 'update':
      return update(command, state);
    case 'set-groups':
      return [updated(state, { groups: checkGroups(command.groups) })];
    case 'evacuate':
      if (state.status === 'evacuated') throw new WeftError('request.invalid', 'Cluster member is already evacuated');
      return [{ type: 'MemberEvacuated', data: { name } }];
    case 'restore':
      if (state.status !== 'evacuated') throw new WeftError('request.invalid', 'Cluster member is not evacuated');
      return [{ type: 'MemberRestored', data: { name } }];
    case 'remove':
      if (command.instances.length > 0)
        throw new WeftError('request.invalid', `Cluster member still has the following instances: ${command.instances.join(', ')}: move or delete them first`);
      return [{ type: 'MemberRemoved', data: { name } }];
    default:
      return command satisfies never;
  }
}

function update(command: Extract<MemberCommand, { type: 'update' }>, state: EnrolledMember): MemberEvent[] {
  checkEtag(command.ifMatch, memberEtag(state));
  const merge = command.mode === 'merge';
  const unknown = command.groups?.find((group) => !command.knownGroups.includes(group));
  if (unknown !== undefined) throw new WeftError('cluster-group.not-found', `Cluster group "${unknown}" not found`);
  return [
    updated(state, {
      description: command.description ?? (merge ? state.description : ''),
      config: checkConfig(merge ? { ...state.config, ...command.config } : (command.config ?? {})),
      roles: command.roles ? checkRoles(command.roles) : state.roles,
      failureDomain: command.failureDomain || state.failureDomain,
      // A client that knows nothing of groups leaves them out.
      groups: command.groups && (command.groups.length > 0 || merge) ? checkGroups(command.groups) : state.groups,
    }),
  ];
}

const updated = ({ name, description, config, roles, failureDomain, groups }: EnrolledMember, change: Partial<MemberSettings>): MemberEvent => ({
  type: 'MemberUpdated',
  data: { name, description, config, roles, failureDomain, groups, ...change },
});

function checkGroups(groups: readonly string[]): string[] {
  if (groups.length === 0) throw new WeftError('request.invalid', 'Cluster members need to belong to at least one group');
  return [...new Set(groups)].sort((a, b) => Number(b === DEFAULT_GROUP) - Number(a === DEFAULT_GROUP) || (a < b ? -1 : 1));
}

function checkRoles(roles: readonly string[]): string[] {
  const unknown = roles.find((role) => !MANUAL_ROLES.includes(role) && !AUTOMATIC_ROLES.includes(role));
  if (unknown !== undefined)
    throw new WeftError('config.invalid', `Invalid cluster role "${unknown}": roles that can be given are ${MANUAL_ROLES.join(' and ')}`);
  return MANUAL_ROLES.filter((role) => roles.includes(role));
}

function checkConfig(config: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(config).filter(([, value]) => value !== '');
  for (const [key, value] of kept) {
    const check = key.startsWith('user.') ? anything : Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (!check) throw new WeftError('config.invalid', `Invalid cluster member configuration key "${key}"`);
    const problem = check(value);
    if (problem) throw new WeftError('config.invalid', `Invalid value for cluster member configuration key "${key}": ${problem}`);
  }
  return Object.fromEntries(kept);
}
