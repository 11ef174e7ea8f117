import { type AclSubject, type DesiredAcl, type DesiredAclRule, type DesiredNetwork, ownerOf } from '../model';
import { aclMatch, isPerNetwork } from './acl-match';
import { aclAddressSetRows } from './address-set.rows';
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
    ...aclAddressSetRows(make, acl),
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
  return alternatives(rule).flatMap((part, at) => {
    const id = [rule.direction, index, ...(at > 0 ? [at] : [])].join(' ');
    if (!isPerNetwork(part))
      return [make('ACL', 'rule', { ...columns, match: aclMatch(acl.number, part) }, { id, links: [linkTo.groupAcl(aclGroupKey(acl.id))] })];
    return networks.map((network) => {
      const match = aclMatch(acl.number, part, network.number);
      return make('ACL', 'network-rule', { ...columns, match }, { id: `${id} ${network.id}`, links: [linkTo.switchAcl(network.id)] });
    });
  });
}

/**
 * A rule of subjects that may be unknown to OVN, such as an ACL that no port uses, is one rule for each of them: OVN ignores a match
 * that names what it does not have, which is right for that subject and would be wrong for the others.
 */
function alternatives(rule: DesiredAclRule): DesiredAclRule[] {
  return parts(rule.sources).flatMap((sources) => parts(rule.destinations).map((destinations) => ({ ...rule, sources, destinations })));
}

function parts(subjects: readonly AclSubject[]): (readonly AclSubject[])[] {
  const byName = subjects.filter(({ kind }) => kind === 'acl' || kind === 'network');
  const rest = subjects.filter((subject) => !byName.includes(subject));
  return [...(rest.length > 0 || byName.length === 0 ? [rest] : []), ...byName.map((subject) => [subject])];
}
