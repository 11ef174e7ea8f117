/** Rules of network ACLs: what LXD accepts, in its words. Source: LXD 5.0 documentation, "Network ACL rules". */
import { WeftError, type AclRule } from '@weft/contracts';
import { parseInterface, parseRange, type Family } from './ip-address';

/** What subjects may refer to, besides addresses. */
export interface AclNames {
  /** ACLs of the project, this one included. */
  acls: ReadonlySet<string>;
  /** Peers as `network/peer`, of networks of the project. */
  peers: ReadonlySet<string>;
}

const PROTOCOLS = ['', 'tcp', 'udp', 'icmp4', 'icmp6'];
const MAX_RULES = 1_000;
export const RESERVED = ['@internal', '@external', '#internal', '#external'];

const fail = (message: string): never => {
  throw new WeftError('network-acl.invalid', message);
};

export const splitSubjects = (subjects: string): string[] =>
  subjects
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

export type Subject =
  { kind: 'range'; family: Family; text: string } | { kind: 'internal' | 'external' } | { kind: 'peer'; text: string } | { kind: 'acl'; text: string };

/** What a subject is; addresses are ranges or subnets. Whether an ACL or a peer exists is another question. */
export function readSubject(text: string): Subject {
  const range = parseRange(text) ?? parseInterface(text)?.subnet;
  if (range) return { kind: 'range', family: range.family, text };
  if (text === '@internal' || text === '#internal') return { kind: 'internal' };
  if (text === '@external' || text === '#external') return { kind: 'external' };
  if (text.startsWith('@')) return { kind: 'peer', text: text.slice(1) };
  return { kind: 'acl', text };
}

/** Blanks between items of a list mean nothing. `state` is `enabled` unless given. */
export function normalizeRule(rule: AclRule): AclRule {
  return { ...rule, source: splitSubjects(rule.source).join(','), destination: splitSubjects(rule.destination).join(','), state: rule.state || 'enabled' };
}

/** @throws WeftError `network-acl.invalid` */
export function checkRules(direction: 'ingress' | 'egress', rules: readonly AclRule[], names: AclNames): void {
  if (rules.length > MAX_RULES) fail(`An ACL may have at most ${MAX_RULES} ${direction} rules`);
  const seen = new Map<string, number>();
  for (const [index, rule] of rules.entries()) {
    const problem = problemOf(direction, rule, names);
    if (problem) fail(`Invalid ${direction} rule ${index}: ${problem}`);
    const { description: _description, ...what } = rule;
    const twin = seen.get(JSON.stringify(what));
    if (twin !== undefined) fail(`Duplicate of ${direction} rule ${twin}`);
    seen.set(JSON.stringify(what), index);
  }
}

function problemOf(direction: 'ingress' | 'egress', rule: AclRule, names: AclNames): string | undefined {
  if (!['allow', 'drop', 'reject'].includes(rule.action)) return 'Action must be one of: allow, drop, reject';
  if (!['enabled', 'disabled', 'logged'].includes(rule.state)) return 'State must be one of: enabled, disabled, logged';
  if (!PROTOCOLS.includes(rule.protocol)) return 'Protocol must be one of: icmp4, icmp6, tcp, udp';
  return (
    subjectsProblem('Source', rule.source, direction === 'ingress' ? names : undefined) ??
    subjectsProblem('Destination', rule.destination, direction === 'egress' ? names : undefined) ??
    familyProblem(rule) ??
    portProblem('Source port', rule.source_port, rule.protocol) ??
    portProblem('Destination port', rule.destination_port, rule.protocol) ??
    icmpProblem(rule)
  );
}

/** `names` undefined: the subject is the NIC's own side, which only addresses can describe. */
function subjectsProblem(field: string, subjects: string, names: AclNames | undefined): string | undefined {
  for (const text of splitSubjects(subjects)) {
    const subject = readSubject(text);
    if (subject.kind === 'range') continue;
    if (!names || !isKnown(subject, names)) return `Invalid ${field}: Invalid subject "${text}"`;
  }
  return undefined;
}

function isKnown(subject: Subject, { acls, peers }: AclNames): boolean {
  if (subject.kind === 'peer') return peers.has(subject.text);
  return subject.kind === 'acl' ? acls.has(subject.text) : true;
}

const families = (subjects: string): Set<Family> =>
  new Set(splitSubjects(subjects).flatMap((text) => (({ family }) => (family ? [family] : []))(readSubject(text) as { family?: Family })));

function familyProblem(rule: AclRule): string | undefined {
  const [from, to] = [families(rule.source), families(rule.destination)];
  if (from.size > 0 && to.size > 0 && ![...from].some((family) => to.has(family))) return 'Conflicting IP family types used for Source and Destination';
  const wanted: Family | undefined = rule.protocol === 'icmp4' ? 4 : rule.protocol === 'icmp6' ? 6 : undefined;
  const wrong = wanted && [from, to].some((set) => set.size > 0 && !set.has(wanted));
  return wrong ? `Cannot use IP${wanted === 4 ? 'v6' : 'v4'} addresses with the protocol "${rule.protocol}"` : undefined;
}

/** A port or a range of them; undefined when it is neither. */
export function parsePortRange(text: string): { first: number; last: number } | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim());
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= 1 && last <= 65_535 && first <= last ? { first, last } : undefined;
}

function portProblem(field: string, ports: string, protocol: string): string | undefined {
  if (ports === '') return undefined;
  if (protocol === '') return `${field} cannot be used without specifying protocol`;
  if (protocol !== 'tcp' && protocol !== 'udp') return `${field} cannot be used with "${protocol}" protocol`;
  const wrong = ports.split(',').find((one) => !parsePortRange(one));
  return wrong === undefined ? undefined : `Invalid ${field}: Invalid port range "${wrong}"`;
}

function icmpProblem({ protocol, icmp_type, icmp_code }: AclRule): string | undefined {
  for (const [field, value] of [
    ['ICMP type', icmp_type],
    ['ICMP code', icmp_code],
  ] as const) {
    if (value === '') continue;
    if (protocol !== 'icmp4' && protocol !== 'icmp6') return `${field} can only be used with the protocols icmp4 and icmp6`;
    if (!/^\d{1,3}$/.test(value) || Number(value) > 255) return `Invalid ${field} "${value}": it must be a number from 0 to 255`;
  }
  return icmp_code !== '' && icmp_type === '' ? 'ICMP code cannot be used without ICMP type' : undefined;
}
