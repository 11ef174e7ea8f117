/**
 * The configuration keys of networks, as LXD 5.0 documents them ("Network configuration"), by type. A check returns what
 * is wrong with a value, or undefined; what keys mean to each other is in `network.settle.ts`.
 */
import { anything, boolean, isTrue, oneOf, sortedMap, WeftError, type NetworkType, type ValueCheck } from '@weft/contracts';
import { isMac, parseAddress, parseInterface, parseList, parseRange, parseSubnet, type Family } from './ip-address';

const number =
  (low: number, high: number): ValueCheck =>
  (value) =>
    /^\d{1,9}$/.test(value) && Number(value) >= low && Number(value) <= high
      ? undefined
      : `Invalid value "${value}": it must be a number from ${low} to ${high}`;
const mac: ValueCheck = (value) => (isMac(value) && (Number.parseInt(value.slice(0, 2), 16) & 1) === 0 ? undefined : `Invalid MAC address "${value}"`);
const address =
  (family: Family): ValueCheck =>
  (value) =>
    parseAddress(value)?.family === family ? undefined : `Not an IPv${family} address "${value}"`;
const listOf =
  <T>(parse: (one: string) => T | undefined, what: string, right: (one: T) => boolean): ValueCheck =>
  (value) =>
    parseList(value, parse)?.every(right) ? undefined : `Invalid value "${value}": give ${what} with commas between them`;
const ranges = (family: Family): ValueCheck =>
  listOf(parseRange, `IPv${family} ranges such as ${family === 4 ? '10.0.0.2-10.0.0.9' : 'fd42::2-fd42::9'}`, (range) => range.family === family);
const subnets = (family: Family): ValueCheck => listOf(parseSubnet, `IPv${family} subnets`, (subnet) => subnet.family === family);
const addresses: ValueCheck = listOf(parseAddress, 'IP addresses', () => true);
const NAME = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;
const domain: ValueCheck = (value) => (NAME.test(value) && value.length <= 253 ? undefined : `Invalid DNS domain "${value}"`);
const domains: ValueCheck = (value) =>
  value.split(',').every((one) => domain(one.trim()) === undefined) ? undefined : `Invalid value "${value}": give DNS domains with commas between them`;
const names: ValueCheck = (value) =>
  value.split(',').every((one) => /^[A-Za-z][A-Za-z0-9-]*$/.test(one.trim())) ? undefined : `Invalid value "${value}": give ACL names with commas between them`;
const parent: ValueCheck = (value) => (/^[^\s/:]{1,15}$/.test(value) ? undefined : `Invalid interface name "${value}"`);

/** The router's address in its subnet, `none`, or `auto` for the service to choose. */
const ownAddress =
  (family: Family): ValueCheck =>
  (value) => {
    if (value === 'none' || value === 'auto') return undefined;
    const parsed = parseInterface(value);
    if (parsed?.address.family !== family) return `Not an IPv${family} address with a prefix length: "${value}"`;
    return hostPart(family, parsed.subnet.prefix, parsed.address.value, parsed.subnet);
  };
const hostPart = (family: Family, prefix: number, value: bigint, subnet: { first: bigint; last: bigint }): string | undefined => {
  if (family === 6 && prefix !== 64) return 'The prefix length must be 64: addresses of instances are made from their MAC';
  if (family === 4 && (prefix < 8 || prefix > 29)) return 'The prefix length must be from 8 to 29';
  return value === subnet.first || (family === 4 && value === subnet.last) ? 'The address must be that of a host, not of the subnet itself' : undefined;
};
const gateway =
  (family: Family): ValueCheck =>
  (value) =>
    parseInterface(value)?.address.family === family ? undefined : `Not an IPv${family} address with a prefix length: "${value}"`;

const action = oneOf('allow', 'drop', 'reject');
const PER_TYPE: Readonly<Record<NetworkType, Readonly<Record<string, ValueCheck>>>> = {
  ovn: {
    network: anything,
    'bridge.hwaddr': mac,
    'bridge.mtu': number(1280, 16384),
    'ipv4.address': ownAddress(4),
    'ipv4.dhcp': boolean,
    'ipv4.dhcp.ranges': ranges(4),
    'ipv4.nat': boolean,
    'ipv4.nat.address': address(4),
    'ipv6.address': ownAddress(6),
    'ipv6.dhcp': boolean,
    'ipv6.dhcp.stateful': boolean,
    'ipv6.nat': boolean,
    'ipv6.nat.address': address(6),
    'dns.domain': domain,
    'dns.search': domains,
    'dns.zone.forward': anything,
    'dns.zone.reverse.ipv4': anything,
    'dns.zone.reverse.ipv6': anything,
    'security.acls': names,
    'security.acls.default.ingress.action': action,
    'security.acls.default.egress.action': action,
    'security.acls.default.ingress.logged': boolean,
    'security.acls.default.egress.logged': boolean,
    'volatile.network.ipv4.address': address(4),
    'volatile.network.ipv6.address': address(6),
  },
  physical: {
    parent,
    mtu: number(1280, 16384),
    vlan: number(0, 4094),
    gvrp: (value) => boolean(value) ?? (isTrue(value) ? 'VLANs are tagged by OVN, which does not register them: leave it out' : undefined),
    'ipv4.gateway': gateway(4),
    'ipv4.ovn.ranges': ranges(4),
    'ipv4.routes': subnets(4),
    'ipv4.routes.anycast': boolean,
    'ipv6.gateway': gateway(6),
    'ipv6.ovn.ranges': ranges(6),
    'ipv6.routes': subnets(6),
    'ipv6.routes.anycast': boolean,
    'dns.nameservers': addresses,
    'ovn.ingress_mode': oneOf('l2proxy', 'routed'),
    'volatile.last_state.created': boolean,
  },
};

/** Keys that the service writes and a client may carry along unchanged. */
export const isVolatile = (key: string): boolean => key.startsWith('volatile.');

/**
 * Checks each value by itself. Returns the configuration, sorted and without empty values: an empty value unsets a key.
 * @throws WeftError `network.invalid`
 */
export function parseNetworkConfig(type: NetworkType, name: string, config: Readonly<Record<string, string>>): Record<string, string> {
  const keys = PER_TYPE[type];
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    const check = key.startsWith('user.') ? anything : Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (!check) throw new WeftError('network.invalid', `Invalid option for network "${name}" option "${key}"`);
    if (value === '') continue;
    const problem = check(value);
    if (problem) throw new WeftError('network.invalid', `Invalid value for network "${name}" option "${key}": ${problem}`);
    result[key] = value;
  }
  return sortedMap(result);
}
