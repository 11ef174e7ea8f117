/**
 * NIC devices on OVN networks: the options that LXD 5.0 documents ("nictype: ovn"), by themselves and against their
 * network. Options are those of the expanded device; empty ones are not set.
 */
import { anything, boolean, isTrue, oneOf, unsigned, WeftError, type ValueCheck } from '@weft/contracts';
import { contains, formatAddress, formatSubnet, isMac, overlaps, parseAddress, parseList, parseSubnet, type Family, type Subnet } from './ip-address';
import type { UplinkFacts } from './network.facts';
import { networkAddress, requireRoute } from './network.settle';

export type Nic = Readonly<Record<string, string>>;

/** What a NIC must fit to. */
export interface NicNetwork {
  networkId: string;
  project: string;
  name: string;
  number: number;
  type: string;
  config: Readonly<Record<string, string>>;
  uplink: UplinkFacts | undefined;
  /** Addresses that other ports of the network have: all, or with `free` those that were asked for. */
  taken: readonly string[];
  /** The lowest that a port can be given, enough for every NIC. */
  free?: readonly string[];
  /** Subnets and addresses that others announce on the uplink. */
  announced: readonly string[];
  /** Names of ACLs that the network's project has. */
  acls: readonly string[];
  allowedSubnets: readonly string[] | undefined;
}

const interfaceName: ValueCheck = (value) =>
  /^[^\s/:\p{Cc}]{1,15}$/u.test(value) && value !== '.' && value !== '..' ? undefined : `Invalid interface name "${value}"`;
const subnets =
  (family: Family): ValueCheck =>
  (value) =>
    parseList(value, parseSubnet)?.every((subnet) => subnet.family === family)
      ? undefined
      : `Invalid value "${value}": give IPv${family} subnets with commas between them`;
const address =
  (family: Family): ValueCheck =>
  (value) =>
    parseAddress(value)?.family === family ? undefined : `Not an IPv${family} address "${value}"`;
const mac: ValueCheck = (value) => (isMac(value) && (Number.parseInt(value.slice(0, 2), 16) & 1) === 0 ? undefined : `Invalid MAC address "${value}"`);
const bitRate: ValueCheck = (value) => (/^\d{1,12}([kMGTPE]i?)?bit$/.test(value) ? undefined : `Invalid value "${value}": give a rate such as 100Mbit`);
const acceleration: ValueCheck = (value) => {
  if (value === 'none') return undefined;
  return value === 'sriov'
    ? 'No host of this platform has a network card whose virtual functions can be given to instances: use acceleration=none'
    : oneOf('none', 'sriov')(value);
};
const action = oneOf('allow', 'drop', 'reject');

const OPTIONS: Readonly<Record<string, ValueCheck>> = {
  type: anything,
  nictype: oneOf('ovn'),
  network: anything,
  name: interfaceName,
  host_name: interfaceName,
  hwaddr: mac,
  acceleration,
  'boot.priority': unsigned,
  'ipv4.address': address(4),
  'ipv6.address': address(6),
  'ipv4.routes': subnets(4),
  'ipv6.routes': subnets(6),
  'ipv4.routes.external': subnets(4),
  'ipv6.routes.external': subnets(6),
  'limits.ingress': bitRate,
  'limits.egress': bitRate,
  'limits.max': bitRate,
  'security.acls': anything,
  /** LXD's names of what it has for bridges only. Here they are on unless said otherwise (ADR 17). */
  'security.mac_filtering': boolean,
  'security.ipv4_filtering': boolean,
  'security.ipv6_filtering': boolean,
  'security.acls.default.ingress.action': action,
  'security.acls.default.egress.action': action,
  'security.acls.default.ingress.logged': boolean,
  'security.acls.default.egress.logged': boolean,
};

/** Drops what is not set. @throws WeftError `device.invalid` */
export function parseNic(device: string, options: Nic): Record<string, string> {
  const nic = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== ''));
  // All ends of a network have the same, which LXD insists on in these words.
  if (nic['mtu'] !== undefined) refuse(device, `Cannot use "mtu" property in conjunction with "network" property: set "bridge.mtu" of the network`);
  for (const [option, value] of Object.entries(nic)) {
    const check = Object.hasOwn(OPTIONS, option) || option.startsWith('user.') ? (OPTIONS[option] ?? anything) : undefined;
    if (!check) return refuse(device, `Invalid device option "${option}"`);
    const problem = check(value);
    if (problem) return refuse(device, `Invalid value for device option "${option}": ${problem}`);
  }
  if (!nic['network']) refuse(device, 'A managed network is needed: set "network"');
  if (nic['limits.max'] && (nic['limits.ingress'] || nic['limits.egress']))
    refuse(device, 'Cannot set "limits.max" together with "limits.ingress" or "limits.egress"');
  return nic;
}

export function refuse(device: string, message: string): never {
  throw new WeftError('device.invalid', `Device validation failed for "${device}": ${message}`);
}

const namedAcls = (nic: Nic): string[] =>
  (nic['security.acls'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** @throws WeftError `device.invalid`, `project.restricted` */
export function checkNicOnNetwork(device: string, nic: Nic, network: NicNetwork): void {
  if (network.type !== 'ovn')
    refuse(device, `Network "${network.name}" is of type "${network.type}", which instances cannot use here: create an OVN network on it`);
  for (const family of [4, 6] as const) {
    checkStatic(device, nic, family, network);
    checkRoutes(device, nic, family, network);
  }
  const missing = namedAcls(nic).find((name) => !network.acls.includes(name));
  if (missing) refuse(device, `Network ACL "${missing}" does not exist`);
}

function checkStatic(device: string, nic: Nic, family: Family, network: NicNetwork): void {
  const key = `ipv${family}.address`;
  const wanted = parseAddress(nic[key] ?? '');
  if (!wanted) return;
  const own = networkAddress(network.config, family);
  if (!own) return refuse(device, `Cannot specify "${key}": network "${network.name}" has no IPv${family} subnet`);
  const text = formatAddress(wanted);
  if (isFalse(network.config[`ipv${family}.dhcp`])) refuse(device, `Cannot specify "${key}" when DHCP is disabled on network "${network.name}"`);
  if (family === 6 && !isTrue(network.config['ipv6.dhcp.stateful'])) {
    refuse(device, `Cannot specify "${key}" when "ipv6.dhcp.stateful" is not enabled on network "${network.name}"`);
  }
  if (!contains(own.subnet, wanted)) refuse(device, `Device IP address "${text}" not within network "${network.name}" subnet`);
  const reserved = wanted.value === own.address.value || wanted.value === own.subnet.first || (family === 4 && wanted.value === own.subnet.last);
  if (reserved) refuse(device, `Device IP address "${text}" belongs to network "${network.name}" itself`);
  if (network.taken.includes(text)) refuse(device, `IP address "${text}" is in use by another NIC on network "${network.name}"`);
}

const isFalse = (value: string | undefined): boolean => value !== undefined && !isTrue(value);

/** On an uplink in l2proxy mode the router answers for each address by itself: one row of OVN for each. */
export const MAX_PROXIED_ADDRESSES = 64;

function checkProxied(device: string, family: Family, route: Subnet, uplink: UplinkFacts): void {
  if (uplink.config['ovn.ingress_mode'] === 'routed' || route.last - route.first < BigInt(MAX_PROXIED_ADDRESSES)) return;
  const smallest = (family === 4 ? 32 : 128) - Math.log2(MAX_PROXIED_ADDRESSES);
  refuse(
    device,
    `External subnet "${formatSubnet(route)}" has more than ${MAX_PROXIED_ADDRESSES} addresses, for which uplink "${uplink.name}" cannot answer: use subnets of /${smallest} or smaller, or set ovn.ingress_mode=routed on the uplink`,
  );
}

function checkRoutes(device: string, nic: Nic, family: Family, { config, uplink, announced, allowedSubnets, name }: NicNetwork): void {
  const external = parseList(nic[`ipv${family}.routes.external`], parseSubnet) ?? [];
  const internal = parseList(nic[`ipv${family}.routes`], parseSubnet) ?? [];
  if ((external.length > 0 || internal.length > 0) && !networkAddress(config, family)) {
    refuse(device, `Cannot route IPv${family} to the NIC: network "${name}" has no IPv${family} subnet`);
  }
  for (const route of external) {
    if (!uplink) return refuse(device, `Cannot use "ipv${family}.routes.external": network "${name}" has no uplink`);
    requireRoute(uplink, route, allowedSubnets);
    checkProxied(device, family, route, uplink);
    const clash = announced.some((text) =>
      overlaps(route, parseSubnet(text.includes('/') ? text : `${text}/${family === 4 ? 32 : 128}`) ?? { family, first: -1n, last: -1n }),
    );
    if (clash) refuse(device, `External subnet "${formatSubnet(route)}" overlaps with another network or NIC`);
  }
}
