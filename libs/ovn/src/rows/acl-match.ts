import type { AclSubject, DesiredAclRule, PortRange } from '../model';
import { aclNames, networkNames } from './names';

/** Which end of the packet a subject is about. */
type Side = 'source' | 'destination';

/** Whether a rule speaks of the network that its packets are on: it then has a form of its own in each of them. */
export function isPerNetwork(rule: DesiredAclRule): boolean {
  return [...rule.sources, ...rule.destinations].some(({ kind }) => kind === 'internal' || kind === 'external');
}

/**
 * The match of a rule (ovn-sb(5), Logical_Flow "match"). All rules are looked at on the way out of the switch (`to-lport`), where
 * both the port of the sender and that of the receiver are known.
 * @param networkNumber of the network, for rules that are per network
 */
export function aclMatch(aclNumber: number, rule: DesiredAclRule, networkNumber?: number): string {
  const parts = [
    rule.direction === 'ingress' ? `outport == @${aclNames(aclNumber).portGroup}` : fromPortsOf(aclNumber),
    subjects('source', rule.sources, networkNumber),
    subjects('destination', rule.destinations, networkNumber),
    rule.protocol ?? '',
    ports(rule.protocol, 'src', rule.sourcePorts),
    ports(rule.protocol, 'dst', rule.destinationPorts),
    rule.icmpType === null ? '' : `${rule.protocol}.type == ${rule.icmpType}`,
    rule.icmpCode === null ? '' : `${rule.protocol}.code == ${rule.icmpCode}`,
  ];
  return parts
    .filter((part) => part !== '')
    .map((part) => `(${part})`)
    .join(' && ');
}

/**
 * A host knows of a port group what it has itself (lflow.c of ovn-controller: "port_groups_cs_local"), and a rule is looked at where the
 * receiver is: senders on other hosts are known by their addresses and by what is routed to them, which `port_security` holds them to.
 */
const fromPortsOf = (aclNumber: number): string => `inport == @${aclNames(aclNumber).portGroup} || ${ofPorts('src', aclNumber)}`;

/** OVN itself makes sets of the ports' own addresses. */
function ofPorts(field: 'src' | 'dst', aclNumber: number): string {
  const { addresses: own, routes } = aclNames(aclNumber);
  return [own, routes].map((set) => inSets(field, set)).join(' || ');
}

const inSets = (field: 'src' | 'dst', set: (family: 4 | 6) => string): string => `ip6.${field} == $${set(6)} || ip4.${field} == $${set(4)}`;

function subjects(side: Side, list: readonly AclSubject[], networkNumber: number | undefined): string {
  return list.map((subject) => subjectMatch(side, subject, networkNumber)).join(' || ');
}

function subjectMatch(side: Side, subject: AclSubject, networkNumber: number | undefined): string {
  const [field, port] = side === 'source' ? (['src', 'inport'] as const) : (['dst', 'outport'] as const);
  switch (subject.kind) {
    case 'addresses':
      return addresses(`ip${subject.family}.${field}`, subject.text);
    case 'internal':
      // Senders on other hosts by their addresses, for the same reason.
      return `${port} == @${networkNames(networkNumber!).portGroup}${side === 'source' ? ` || ${inSets(field, networkNames(networkNumber!).routes)}` : ''}`;
    case 'external':
      return `${port} == "${networkNames(networkNumber!).innerSwitchRouterPort}"`;
    case 'network':
      return inSets(field, networkNames(subject.number).routes);
    case 'acl':
      // By port on the same switch; by address when the packet came through routers.
      return `${port} == @${aclNames(subject.number).portGroup} || ${ofPorts(field, subject.number)}`;
    default:
      return subject satisfies never;
  }
}

function addresses(field: string, text: string): string {
  const [first, last] = text.split('-');
  return last === undefined ? `${field} == ${text}` : `(${field} >= ${first} && ${field} <= ${last})`;
}

function ports(protocol: string | null, field: 'src' | 'dst', ranges: readonly PortRange[]): string {
  const port = `${protocol}.${field}`;
  return ranges.map(({ first, last }) => (first === last ? `${port} == ${first}` : `(${port} >= ${first} && ${port} <= ${last})`)).join(' || ');
}
