/**
 * What a zone says to a question (RFC 1034 section 4.3.2, RFC 4592, RFC 2308, RFC 6672, RFC 6604, RFC 8482, RFC 9471).
 *
 *   a cut on the way down? ── NS ──> referral          DNAME ──> alias for the whole tree, on we go
 *   the name exists?       ── CNAME ──> on we go        the type ──> answer       otherwise no data
 *   closest encloser has a wildcard? ──> as if it stood at the name               otherwise no such name
 */
import { isWithin, MAX_NAME_OCTETS, type Name, nameKey, type NameKey, parentOf, selfAndAncestors } from '../names/name';
import { TYPE } from '../records/record-type';
import { RCODE } from '../wire/header';
import type { ZoneNode } from '../zone/owner-table';
import { negativeTtlSeconds, soaRdata } from '../zone/soa-record';
import type { ZoneContent } from '../zone/zone-content';
import type { Rdata, RecordSet } from '../zone/zone-record';

export interface Answer {
  rcode: number;
  authoritative: boolean;
  readonly answer: RecordSet[];
  readonly authority: RecordSet[];
  readonly additional: RecordSet[];
  /** The additional records are needed: a referral without its addresses leads nowhere. */
  glueNeeded: boolean;
  /** Made from a wildcard or DNAME: not worth keeping, there is no end of such names. */
  synthesized: boolean;
}

const MAX_ALIASES = 16;

export const soaSet = (content: ZoneContent, ttlSeconds = content.soa.ttlSeconds): RecordSet => ({
  owner: content.apex,
  type: TYPE.SOA,
  ttlSeconds,
  rdatas: [soaRdata(content.soa)],
});

const setOf = (node: ZoneNode | undefined, type: number): RecordSet | undefined => {
  if (node) for (const set of node.sets) if (set.type === type) return set;
  return undefined;
};

/** The question's name must lie in the zone. */
export const resolve = (content: ZoneContent, name: Name, key: NameKey, type: number): Answer => {
  const answer: Answer = { rcode: RCODE.NOERROR, authoritative: true, answer: [], authority: [], additional: [], glueNeeded: false, synthesized: false };
  const seen = new Set<NameKey>();
  for (let at: { name: Name; key: NameKey } | undefined = { name, key }; at && seen.size < MAX_ALIASES;) {
    if (seen.has(at.key)) break;
    seen.add(at.key);
    const target: Name | undefined = step(content, at.name, at.key, type, answer);
    const targetKey: NameKey | undefined = target && nameKey(target);
    at = target && targetKey && isWithin(targetKey, content.apexKey) ? { name: target, key: targetKey } : undefined;
  }
  addAddresses(content, answer);
  return answer;
};

/** One name; gives the next one when this one is an alias. */
const step = (content: ZoneContent, name: Name, key: NameKey, type: number, answer: Answer): Name | undefined => {
  const cut = content.cutCount > 0 ? cutAbove(content, key, type) : undefined;
  if (cut && setOf(cut.node, TYPE.NS)) {
    refer(content, cut, answer);
    return undefined;
  }
  if (cut) return redirect(setOf(cut.node, TYPE.DNAME)!, name, key, cut.key, answer);
  const node = content.node(key);
  if (node || key === content.apexKey) return fromNode(content, node, name, key === content.apexKey, type, answer);
  const wildcard = content.node(`\x01*${closestEncloser(content, key)}` as NameKey);
  if (wildcard) {
    answer.synthesized = true;
    return fromNode(content, { ...wildcard, sets: wildcard.sets.map((set) => ({ ...set, owner: name })) }, name, false, type, answer);
  }
  answer.rcode = RCODE.NXDOMAIN;
  deny(content, answer);
  return undefined;
};

interface Cut {
  readonly node: ZoneNode;
  readonly key: NameKey;
}

/** The topmost NS below the apex or DNAME above the name. At a cut itself, DS belongs to this side (RFC 4035 section 3.1.4.1). */
const cutAbove = (content: ZoneContent, key: NameKey, type: number): Cut | undefined => {
  let topmost: Cut | undefined;
  for (const ancestor of selfAndAncestors(key)) {
    const node = content.node(ancestor);
    const delegates = ancestor !== content.apexKey && setOf(node, TYPE.NS) && !(ancestor === key && type === TYPE.DS);
    if (node && (delegates || (ancestor !== key && setOf(node, TYPE.DNAME)))) topmost = { node, key: ancestor };
    if (ancestor === content.apexKey) break;
  }
  return topmost;
};

const closestEncloser = (content: ZoneContent, key: NameKey): NameKey => {
  let at = parentOf(key);
  while (at !== content.apexKey && !content.node(at)) at = parentOf(at);
  return at;
};

const fromNode = (content: ZoneContent, node: ZoneNode | undefined, name: Name, isApex: boolean, type: number, answer: Answer): Name | undefined => {
  const alias = setOf(node, TYPE.CNAME);
  if (alias && type !== TYPE.CNAME && type !== TYPE.ANY) {
    answer.answer.push(alias);
    return alias.rdatas[0] as unknown as Name;
  }
  // RFC 8482 section 4.1: ANY gets one set, not all.
  const found = isApex && (type === TYPE.SOA || type === TYPE.ANY) ? soaSet(content) : type === TYPE.ANY ? node?.sets[0] : setOf(node, type);
  if (found) answer.answer.push(found);
  else deny(content, answer);
  return undefined;
};

const deny = (content: ZoneContent, answer: Answer): void => {
  answer.authority.push(soaSet(content, negativeTtlSeconds(content.soa)));
};

const refer = (content: ZoneContent, cut: Cut, answer: Answer): void => {
  const servers = setOf(cut.node, TYPE.NS)!;
  // Behind an alias of ours the answer stays ours.
  answer.authoritative = answer.answer.length > 0;
  answer.authority.push(servers);
  const signer = setOf(cut.node, TYPE.DS);
  if (signer) answer.authority.push(signer);
  answer.glueNeeded = servers.rdatas.some((server) => isWithin(nameKey(server as unknown as Name), cut.key));
};

/** DNAME: the part of the name below it moves under the target, told as a CNAME to those who do not know DNAME. */
const redirect = (dname: RecordSet, name: Name, key: NameKey, cutKey: NameKey, answer: Answer): Name | undefined => {
  answer.synthesized = true;
  answer.answer.push(dname);
  const target = (name.slice(0, key.length - cutKey.length) + dname.rdatas[0]!) as Name;
  if (target.length > MAX_NAME_OCTETS) {
    answer.rcode = 6; // YXDOMAIN, RFC 6672 section 2.2
    return undefined;
  }
  answer.answer.push({ owner: name, type: TYPE.CNAME, ttlSeconds: dname.ttlSeconds, rdatas: [target as unknown as Rdata] });
  return target;
};

const TARGET_AT: Readonly<Record<number, number>> = { [TYPE.NS]: 0, [TYPE.MX]: 2, [TYPE.SRV]: 6 };

/** Addresses of the servers that the answer names, as far as the zone has them. */
const addAddresses = (content: ZoneContent, answer: Answer): void => {
  for (const set of [...answer.answer, ...answer.authority]) {
    const at = TARGET_AT[set.type];
    if (at === undefined) continue;
    for (const rdata of set.rdatas) {
      const target = nameKey(rdata.slice(at) as Name);
      if (!isWithin(target, content.apexKey)) continue;
      const node = content.node(target);
      for (const type of [TYPE.A, TYPE.AAAA]) {
        const addresses = setOf(node, type);
        if (addresses && !answer.additional.includes(addresses)) answer.additional.push(addresses);
      }
    }
  }
};
