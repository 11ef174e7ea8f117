import { type DesiredAcl, type DesiredAclRule, type DesiredNetwork, ownerOf } from '../model';
import { aclMatch, isPerNetwork } from './acl-match';
import { type DesiredRow, type MakeRow, rowMaker } from './desired-row';
import { aclGroupKey, linkTo } from './keys';
import { aclNames } from './names';

const PRIORITIES = { allow: 300, 'allow-stateless': 300, reject: 400, drop: 500 } as const;
const ACTIONS = { allow: 'allow-related', 'allow-stateless': 'allow-stateless', reject: 'reject', drop: 'drop' } as const;

/**
 * An ACL is a group of the ports that use it, with its rules; a rule that speaks of the network (`@internal`, `@external`) hangs on
 * the switch of each network instead. An ACL that nobody uses is not in OVN at all.
 */
export function aclRows(acl: DesiredAcl, networks: readonly DesiredNetwork[]): DesiredRow[] {
  if (networks.length === 0) return [];
  const make = rowMaker(ownerOf.acl(acl.id), acl.version);
  const { portGroup } = aclNames(acl.number);
  const counts = { ingress: 0, egress: 0 };
  const rules = acl.rules.flatMap((rule) => ruleRows(make, acl, rule, counts[rule.direction]++, networks));
  const nothingElse = { direction: 'to-lport' as const, priority: 0, action: 'drop' as const, match: `(inport == @${portGroup} || outport == @${portGroup})` };
  return [
    make('Port_Group', 'acl', { name: portGroup }, { anchor: true, labels: { 'weft:project': acl.project, 'weft:acl': acl.name } }),
    ...rules,
    make('ACL', 'nothing-else', nothingElse, { links: [linkTo.groupAcl(aclGroupKey(acl.id))] }),
  ];
}

function ruleRows(make: MakeRow, acl: DesiredAcl, rule: DesiredAclRule, index: number, networks: readonly DesiredNetwork[]): DesiredRow[] {
  const name = aclNames(acl.number).rule(rule.direction, index);
  const columns = {
    direction: 'to-lport' as const,
    priority: PRIORITIES[rule.action],
    action: ACTIONS[rule.action],
    ...(rule.logged && { log: true, name, severity: 'info' as const }),
  };
  const id = `${rule.direction} ${index}`;
  if (!isPerNetwork(rule))
    return [make('ACL', 'rule', { ...columns, match: aclMatch(acl.number, rule) }, { id, links: [linkTo.groupAcl(aclGroupKey(acl.id))] })];
  return networks.map((network) => {
    const match = aclMatch(acl.number, rule, network.number);
    return make('ACL', 'network-rule', { ...columns, match }, { id: `${id} ${network.id}`, links: [linkTo.switchAcl(network.id)] });
  });
}
