import { checkEtag, sortedMap, WeftError, type AclRule, type NetworkAclEvent } from '@weft/contracts';
import { checkRules, normalizeRule, type AclNames } from './acl.rules';
import { aclEtag, type AclAggregate, type ActiveAcl } from './acl.state';
import { checkAclLikeName } from './network.names';

interface Content {
  description?: string;
  config?: Readonly<Record<string, string>>;
  ingress?: readonly AclRule[];
  egress?: readonly AclRule[];
}

export type AclCommand =
  | ({ type: 'create'; aclId: string; project: string; name: string; number: number; names: AclNames } & Required<Content>)
  | ({ type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; names: AclNames } & Content)
  | { type: 'rename'; newName: string; inUse: boolean }
  | { type: 'delete'; inUse: boolean };

/** `inUse`: a network, a NIC, a profile or a rule of another ACL names it. */
export function decideAcl(command: AclCommand, state: AclAggregate): NetworkAclEvent[] {
  if (command.type === 'create') {
    const { aclId, project, name, number } = command;
    checkAclLikeName('network-acl.invalid', name);
    return [{ type: 'NetworkAclCreated', data: { aclId, project, name, number, ...checkContent(command, command.names) } }];
  }
  if (state.status !== 'active') throw new WeftError('network-acl.not-found', 'Network ACL not found');
  const { aclId, project, name } = state;
  switch (command.type) {
    case 'update':
      return update(command, state);
    case 'rename':
      if (command.inUse) throw new WeftError('network-acl.in-use', 'Cannot rename an ACL that is in use');
      checkAclLikeName('network-acl.invalid', command.newName);
      if (command.newName === name) throw new WeftError('network-acl.exists', 'An ACL by that name exists already');
      return [{ type: 'NetworkAclRenamed', data: { aclId, project, oldName: name, name: command.newName } }];
    case 'delete':
      if (command.inUse) throw new WeftError('network-acl.in-use', 'Cannot delete an ACL that is in use');
      return [{ type: 'NetworkAclDeleted', data: { aclId, project, name } }];
    default:
      return command satisfies never;
  }
}

function update(command: Extract<AclCommand, { type: 'update' }>, state: ActiveAcl): NetworkAclEvent[] {
  checkEtag(command.ifMatch, aclEtag(state));
  const { aclId, project, name } = state;
  const merge = command.mode === 'merge';
  const content = {
    description: command.description ?? (merge ? state.description : ''),
    config: merge ? { ...state.config, ...command.config } : (command.config ?? {}),
    ingress: command.ingress ?? (merge ? state.ingress : []),
    egress: command.egress ?? (merge ? state.egress : []),
  };
  return [{ type: 'NetworkAclUpdated', data: { aclId, project, name, ...checkContent(content, command.names) } }];
}

function checkContent({ description, config, ingress, egress }: Required<Content>, names: AclNames) {
  const rules = { ingress: ingress.map(normalizeRule), egress: egress.map(normalizeRule) };
  checkRules('ingress', rules.ingress, names);
  checkRules('egress', rules.egress, names);
  return { description, config: checkUserConfig('network-acl.invalid', config), ...rules };
}

/** Of ACLs, peers and groups: only `user.*`. Empty values unset a key. */
export function checkUserConfig(code: 'network-acl.invalid' | 'network-peer.invalid', config: Readonly<Record<string, string>>): Record<string, string> {
  const unknown = Object.keys(config).find((key) => !key.startsWith('user.'));
  if (unknown) throw new WeftError(code, `Invalid option "${unknown}": only user.* keys can be set`);
  return sortedMap(Object.fromEntries(Object.entries(config).filter(([, value]) => value !== '')));
}
