/**
 * Names and addresses of a platform's network. All of them follow from the state directory and one free /23, so that
 * several platforms share a machine, and each finds its own again.
 *
 *   machine (its own namespace)        weft-<key>-fabric                       weft-<key>-host1
 *   weft<key> 198.18.n.1/25  <-veth->  machine --+                             mgmt0   198.18.n.11/25   NATS, migration
 *                                                +-- bridge fabric  <-veths->  fabric0 198.18.n.139/25  Geneve, in br-fabric
 *   route, NAT                                   .2/25
 *                                      bridge uplink .1/24 of n+1   <-veths->  uplink0, in br-uplink0
 *
 * IPv6, where the kernel has it: fd<key>:5765::/64 between machine and fabric, fd<key>:5765:1::/64 on the uplink.
 */
import { createHash } from 'node:crypto';

export interface MemberPlan {
  name: string;
  namespace: string;
  /** Address on the fabric, without prefix. */
  address: string;
  tunnelAddress: string;
  /** 1 for host1: part of the names of the fabric's ends. */
  number: number;
}

export interface NetworkPlan {
  /** Six hexadecimal digits of the state directory. */
  key: string;
  /** The /23 that everything is in. */
  subnet: string;
  fabricNamespace: string;
  /** The one interface in the machine's own namespace. */
  machineLink: string;
  /** The machine's address on the fabric, where NATS listens. */
  machineAddress: string;
  /** The fabric namespace's address. */
  routerAddress: string;
  fabricSubnet: string;
  fabricPrefixBits: 25;
  uplink: { gateway: string; subnet: string; prefixBits: 24; ranges: string; routes: string };
  ipv6: Ipv6Plan;
  members: readonly MemberPlan[];
}

/** Unique local addresses (RFC 4193), each with a prefix length of 64 bits. */
export interface Ipv6Plan {
  /** The /48 that everything is in. */
  prefix: string;
  machineAddress: string;
  routerAddress: string;
  fabricSubnet: string;
  uplink: { gateway: string; subnet: string; ranges: string; routes: string };
}

export interface Network {
  plan: NetworkPlan;
  /** Does the kernel switch packets, or ovs-vswitchd? */
  datapath: 'system' | 'netdev';
}

export const UPLINK_NAME = 'UPLINK';
export const UPLINK_PARENT = 'uplink0';
export const UPLINK_BRIDGE = 'br-uplink0';
export const TUNNEL_BRIDGE = 'br-fabric';
/** Room for Geneve around packets of 1,500 bytes, and for fast migrations. */
export const FABRIC_MTU = 9000;

const FIRST_MEMBER = 10;
const TUNNELS = 128;

export const keyOf = (dir: string): string => createHash('sha256').update(dir).digest('hex').slice(0, 6);
export const namespacePrefix = (key: string): string => `weft-${key}-`;
export const machineLinkOf = (key: string): string => `weft${key}`;

/** @param subnet a /23 whose third number is even */
export const planNetwork = (key: string, subnet: string, memberNames: readonly string[]): NetworkPlan => {
  const [a, b, c] = subnet.split('.').map(Number) as [number, number, number];
  const fabric = `${a}.${b}.${c}`;
  const uplink = `${a}.${b}.${c + 1}`;
  return {
    key,
    subnet,
    fabricNamespace: `${namespacePrefix(key)}fabric`,
    machineLink: machineLinkOf(key),
    machineAddress: `${fabric}.1`,
    routerAddress: `${fabric}.2`,
    fabricSubnet: `${fabric}.0/24`,
    fabricPrefixBits: 25,
    uplink: {
      gateway: `${uplink}.1`,
      subnet: `${uplink}.0/24`,
      prefixBits: 24,
      ranges: `${uplink}.128-${uplink}.254`,
      routes: `${uplink}.64/26`,
    },
    ipv6: planIpv6(key),
    members: memberNames.map((name, index) => ({
      name,
      namespace: `${namespacePrefix(key)}${name}`,
      address: `${fabric}.${FIRST_MEMBER + index + 1}`,
      tunnelAddress: `${fabric}.${TUNNELS + FIRST_MEMBER + index + 1}`,
      number: index + 1,
    })),
  };
};

const planIpv6 = (key: string): Ipv6Plan => {
  const prefix = `fd${key.slice(0, 2)}:${parseInt(key.slice(2), 16).toString(16)}:5765`;
  const uplink = `${prefix}:1:`;
  return {
    prefix: `${prefix}::/48`,
    machineAddress: `${prefix}::1`,
    routerAddress: `${prefix}::2`,
    fabricSubnet: `${prefix}::/64`,
    uplink: {
      gateway: `${uplink}:1`,
      subnet: `${uplink}:/64`,
      ranges: `${uplink}:1:0-${uplink}:1:ffff`,
      // Another /64 of the uplink's: for networks that are not translated, forwards and NICs.
      routes: `${prefix}:2::/64`,
    },
  };
};

/** 198.18.0.0/15 is for tests of network equipment (RFC 2544): nothing on the internet answers there. */
const POOL_START = 198 * 2 ** 24 + 18 * 2 ** 16;
const POOL_SUBNETS = 256;
const SUBNET_ADDRESSES = 512;

/**
 * The first /23 of the pool, from a place that follows from `key`, that no subnet in `taken` overlaps.
 *
 * @param taken CIDRs or single addresses, IPv4
 */
export const chooseSubnet = (key: string, taken: readonly string[]): string | undefined => {
  const ranges = taken.flatMap((cidr) => rangeOf(cidr) ?? []);
  const first = parseInt(key, 16) % POOL_SUBNETS;
  for (let step = 0; step < POOL_SUBNETS; step += 1) {
    const start = POOL_START + ((first + step) % POOL_SUBNETS) * SUBNET_ADDRESSES;
    const end = start + SUBNET_ADDRESSES - 1;
    if (!ranges.some((range) => range.start <= end && start <= range.end)) return `${textOf(start)}/23`;
  }
  return undefined;
};

/** Does one of `taken` overlap the subnet? Default routes do not count. */
export const overlaps = (subnet: string, taken: readonly string[]): boolean => {
  const mine = rangeOf(subnet)!;
  return taken.some((cidr) => {
    const range = rangeOf(cidr);
    return range !== undefined && range.start <= mine.end && mine.start <= range.end;
  });
};

const rangeOf = (cidr: string): { start: number; end: number } | undefined => {
  const [, a, b, c, d, bits = '32'] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr) ?? [];
  if (a === undefined || bits === '0') return undefined;
  const size = 2 ** (32 - Number(bits));
  const address = ((Number(a) * 256 + Number(b)) * 256 + Number(c)) * 256 + Number(d);
  const start = Math.floor(address / size) * size;
  return { start, end: start + size - 1 };
};

const textOf = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
