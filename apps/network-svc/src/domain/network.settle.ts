/**
 * Settles the configuration of an OVN network: fills in what LXD fills in (`auto` addresses, NAT for them, the MTU, the
 * router's external addresses), and checks the keys against each other and against the uplink.
 *
 * Source: LXD 5.0 documentation, "OVN network" and "Physical network"; recorded exchanges in traces/02.
 */
import { createHash } from 'node:crypto';
import { isTrue, WeftError } from '@weft/contracts';
import {
  contains,
  firstFree,
  formatAddress,
  formatSubnet,
  hostSubnet,
  includes,
  isPrivate,
  overlaps,
  parseAddress,
  parseInterface,
  parseList,
  parseRange,
  parseSubnet,
  type Family,
  type IpAddress,
  type Range,
  type Subnet,
} from './ip-address';
import type { NetworkFacts, UplinkFacts } from './network.facts';

type Config = Record<string, string>;
const FAMILIES: readonly Family[] = [4, 6];
/** 1500 less what Geneve over IPv4 adds: fits every underlay. */
const DEFAULT_MTU = '1442';
const CANDIDATES = 200;

const invalid = (message: string): never => {
  throw new WeftError('network.invalid', message);
};

/** For keys that are on unless said otherwise. */
export const isOn = (value: string | undefined): boolean => value === undefined || isTrue(value);

/** The router's address and subnet of a settled configuration; undefined for a family that the network does not have. */
export const networkAddress = (config: Readonly<Config>, family: Family): { address: IpAddress; subnet: Subnet } | undefined =>
  parseInterface(config[`ipv${family}.address`] ?? 'none');

export const networkSubnets = (config: Readonly<Config>): Subnet[] => FAMILIES.flatMap((family) => networkAddress(config, family)?.subnet ?? []);

/**
 * @param seed decides automatic addresses: the network's id
 * @throws WeftError `network.invalid`, `network.overlap`, `network.exhausted`, `project.restricted`
 */
export function settleOvn(given: Readonly<Config>, seed: string, facts: NetworkFacts): Config {
  const config = { ...given };
  for (const family of FAMILIES) settleAddress(config, family, seed, facts);
  config['bridge.mtu'] ??= DEFAULT_MTU;
  for (const family of FAMILIES) checkFamily(config, family, facts);
  checkRanges(config);
  for (const family of FAMILIES) settleExternal(config, family, facts);
  checkPeers(config, facts);
  return config;
}

function settleAddress(config: Config, family: Family, seed: string, facts: NetworkFacts): void {
  const key = `ipv${family}.address`;
  if (!isAutomatic(config, family)) return;
  config[key] = chooseSubnet(family, seed, facts);
  config[`ipv${family}.nat`] ??= 'true';
}

function chooseSubnet(family: Family, seed: string, { occupied, uplink }: NetworkFacts): string {
  const others = occupied.flatMap((text) => parseSubnet(text) ?? []);
  const own = uplink ? uplinkSubnet(uplink, family) : undefined;
  for (const { address, subnet } of candidates(family, seed)) {
    if ([...others, ...(own ? [own] : [])].every((other) => !overlaps(other, subnet))) return `${formatAddress(address)}/${subnet.prefix}`;
  }
  throw new WeftError('network.exhausted', `No free IPv${family} subnet was found: set ipv${family}.address`);
}

function* candidates(family: Family, seed: string): Generator<{ address: IpAddress; subnet: Subnet }> {
  for (let attempt = 0; attempt < CANDIDATES; attempt++) {
    const bytes = createHash('sha256').update(`${seed}/${family}/${attempt}`).digest();
    const hex = (at: number): string => bytes.readUInt16BE(at).toString(16);
    yield parseInterface(family === 4 ? `10.${bytes[0]}.${bytes[1]}.1/24` : `fd42:${hex(0)}:${hex(2)}:${hex(4)}::1/64`)!;
  }
}

/** What routers on an uplink are given addresses of, by family, and what not. */
export const externalRanges = ({ config }: UplinkFacts, family: Family): { ranges: Range[]; except: string[] } => ({
  ranges: parseList(config[`ipv${family}.ovn.ranges`], parseRange) ?? [],
  except: (config[`ipv${family}.gateway`] ?? '').split('/').slice(0, 1),
});

const isAutomatic = (config: Readonly<Config>, family: Family): boolean => (config[`ipv${family}.address`] ?? 'auto') === 'auto';

/** Subnets of which `settleOvn` chooses one: facts about these are all that it needs. */
export const automaticSubnets = (config: Readonly<Config>, seed: string): string[] =>
  FAMILIES.filter((family) => isAutomatic(config, family)).flatMap((family) => [...candidates(family, seed)].map(({ subnet }) => formatSubnet(subnet)));

export const uplinkSubnet = (uplink: UplinkFacts, family: Family): Subnet | undefined => parseInterface(uplink.config[`ipv${family}.gateway`] ?? '')?.subnet;

function checkFamily(config: Config, family: Family, facts: NetworkFacts): void {
  const { uplink, announced, allowedSubnets } = facts;
  const own = networkAddress(config, family);
  if (!own || !uplink) return;
  const outside = uplinkSubnet(uplink, family);
  const routed = (parseList(uplink.config[`ipv${family}.routes`], parseSubnet) ?? []).some((route) => includes(route, own.subnet));
  if (outside && overlaps(outside, own.subnet) && !routed) {
    throw new WeftError(
      'network.overlap',
      `Subnet "${formatSubnet(own.subnet)}" overlaps with that of the uplink network "${uplink.name}": choose another one`,
    );
  }
  // Addresses that nothing outside routes would lead nowhere: translated, unless the user says otherwise (ADR 17).
  if (!routed && isPrivate(own.subnet)) config[`ipv${family}.nat`] ??= 'true';
  if (isTrue(config[`ipv${family}.nat`])) return;
  requireRoute(uplink, own.subnet, allowedSubnets);
  const other = announced.find(({ subnet }) => overlaps(parseSubnet(subnet)!, own.subnet));
  if (other) throw new WeftError('network.overlap', `External subnet "${formatSubnet(own.subnet)}" overlaps with another network or NIC`);
}

/** An external subnet must be one that is routed to the uplink. @throws WeftError */
export function requireRoute(uplink: UplinkFacts, subnet: Subnet, allowedSubnets: readonly string[] | undefined): void {
  const routes = parseList(uplink.config[`ipv${subnet.family}.routes`], parseSubnet) ?? [];
  if (!routes.some((route) => includes(route, subnet))) invalid(`Uplink network doesn't contain "${formatSubnet(subnet)}" in its routes`);
  const allowed = allowedSubnets?.flatMap((text) => (text.startsWith(`${uplink.name}:`) ? (parseSubnet(text.slice(uplink.name.length + 1)) ?? []) : []));
  if (allowed && !allowed.some((one) => includes(one, subnet))) {
    throw new WeftError('project.restricted', `Project doesn't contain "${formatSubnet(subnet)}" in its restricted uplink subnets`);
  }
}

function checkRanges(config: Config): void {
  const own = networkAddress(config, 4);
  const ranges = parseList(config['ipv4.dhcp.ranges'], parseRange) ?? [];
  if (ranges.length > 0 && !own) invalid('ipv4.dhcp.ranges needs an ipv4.address');
  const outside = own && ranges.find((range) => !includes(own.subnet, range));
  if (outside)
    invalid(`IPv4 DHCP range starting at "${formatAddress({ family: 4, value: outside.first })}" is not within the subnet "${formatSubnet(own.subnet)}"`);
  if (isTrue(config['ipv6.dhcp.stateful']) && config['ipv6.dhcp'] !== undefined && !isTrue(config['ipv6.dhcp'])) invalid('ipv6.dhcp.stateful needs ipv6.dhcp');
}

function settleExternal(config: Config, family: Family, facts: NetworkFacts): void {
  const key = `volatile.network.ipv${family}.address`;
  const { uplink } = facts;
  const outside = uplink && uplinkSubnet(uplink, family);
  checkNatAddress(config, family, facts);
  if (!uplink || !outside || !networkAddress(config, family)) {
    delete config[key];
    return;
  }
  const ranges = parseList(uplink.config[`ipv${family}.ovn.ranges`], parseRange) ?? [];
  if (ranges.length === 0) invalid(`Missing required "ipv${family}.ovn.ranges" config key on uplink network`);
  const present = parseAddress(config[key] ?? '');
  if (present && ranges.some((range) => contains(range, present)) && !facts.takenExternal.includes(formatAddress(present))) return;
  const taken = [...facts.takenExternal, uplink.config[`ipv${family}.gateway`]!.split('/')[0]!].flatMap((text) => parseAddress(text) ?? []);
  const free = facts.freeExternal ? freeAmong(facts.freeExternal, family, facts.takenExternal) : firstFree(ranges, taken);
  if (!free)
    throw new WeftError('network.exhausted', `No free address is left in "ipv${family}.ovn.ranges" of the uplink network "${uplink.name}": widen them`);
  config[key] = formatAddress(free);
}

const freeAmong = (candidates: readonly string[], family: Family, taken: readonly string[]): IpAddress | undefined =>
  candidates
    .filter((text) => !taken.includes(text))
    .flatMap((text) => parseAddress(text) ?? [])
    .find((one) => one.family === family);

function checkNatAddress(config: Config, family: Family, { uplink, takenExternal, allowedSubnets }: NetworkFacts): void {
  const key = `ipv${family}.nat.address`;
  const address = parseAddress(config[key] ?? '');
  if (!address) return;
  if (!uplink) return invalid(`Cannot use "${key}" without an uplink network`);
  if (uplink.config['ovn.ingress_mode'] !== 'routed') return invalid(`Cannot use "${key}" when uplink ovn.ingress_mode is not "routed"`);
  requireRoute(uplink, hostSubnet(address), allowedSubnets);
  if (takenExternal.includes(formatAddress(address)))
    throw new WeftError('network-address.exists', `The address "${formatAddress(address)}" is in use already`);
}

/** @throws WeftError `network.overlap` */
export function checkPeers(config: Readonly<Config>, { peers }: Pick<NetworkFacts, 'peers'>): void {
  for (const subnet of networkSubnets(config)) {
    const peer = peers.find((one) => one.subnets.some((text) => overlaps(parseSubnet(text)!, subnet)));
    if (peer)
      throw new WeftError(
        'network.overlap',
        `Subnet "${formatSubnet(subnet)}" overlaps with that of the peer network "${peer.name}": packets could not be routed`,
      );
  }
}

/** @throws WeftError `network.invalid` */
/** `ownParents`: members have one each. */
export function checkPhysical(name: string, config: Readonly<Config>, ownParents: boolean): void {
  if (!config['parent'] && !ownParents) invalid(`Invalid value for network "${name}" option "parent": Required value`);
  for (const family of FAMILIES) {
    const subnet = parseInterface(config[`ipv${family}.gateway`] ?? '')?.subnet;
    const ranges = parseList(config[`ipv${family}.ovn.ranges`], parseRange) ?? [];
    if (ranges.length > 0 && !subnet) invalid(`Missing required "ipv${family}.gateway": "ipv${family}.ovn.ranges" lies in its subnet`);
    const outside = subnet && ranges.find((range) => !includes(subnet, range));
    if (outside) invalid(`"ipv${family}.ovn.ranges" must lie within the subnet "${formatSubnet(subnet)}"`);
  }
}
