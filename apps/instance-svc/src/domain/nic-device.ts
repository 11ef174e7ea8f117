/**
 * Network devices: LXD's options for NICs of a managed OVN network (LXD 5.0, "Type: nic", nictype ovn). Only the form
 * of values is checked here; what needs to know the network (its subnets, ACLs, free addresses) the network service
 * refuses, before anything is written.
 */
import { z } from 'zod';
import { anything, boolean, oneOf, type ValueCheck } from './config-values';
import type { StringMap } from './instance.state';

type Fail = (message: string) => never;

const interfaceName: ValueCheck = (value) =>
  /^[^\s/:\p{Cc}]{2,15}$/u.test(value) && value !== '..'
    ? undefined
    : `Invalid interface name "${value}": it must be 2-15 characters long without slashes, colons or blanks`;
const mac: ValueCheck = (value) =>
  /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(value) ? undefined : `Invalid MAC address "${value}": give six bytes such as 00:16:3e:01:02:03`;
const mtu: ValueCheck = (value) =>
  /^\d{1,5}$/.test(value) && Number(value) >= 576 && Number(value) <= 65_535 ? undefined : `Invalid MTU "${value}": it must be a number from 576 to 65535`;
const priority: ValueCheck = (value) => (/^\d{1,9}$/.test(value) ? undefined : `Invalid value for an integer "${value}"`);
const passes =
  (shape: z.ZodType) =>
  (value: string): boolean =>
    shape.safeParse(value).success;
const address =
  (family: string, isRight: (value: string) => boolean): ValueCheck =>
  (value) =>
    isRight(value) ? undefined : `Not an ${family} address "${value}"`;
const bitRate: ValueCheck = (value) =>
  /^\d{1,15}(bit|[kMGTPE]bit|[KMGTPE]ibit)?$/.test(value) ? undefined : `Invalid value "${value}": give bits per second such as 100Mbit`;
const action = oneOf('allow', 'reject', 'drop');

const listOf =
  (what: string, isRight: (entry: string) => boolean): ValueCheck =>
  (value) => {
    const wrong = value.split(',').find((entry) => !isRight(entry.trim()));
    return wrong === undefined ? undefined : `${what} "${wrong.trim()}"`;
  };
const ipv4Subnets = listOf('Not an IPv4 subnet', passes(z.cidrv4()));
const ipv6Subnets = listOf('Not an IPv6 subnet', passes(z.cidrv6()));
const aclNames = listOf('Not the name of a network ACL', (entry) => entry !== '');

/** Open vSwitch would hand the port to a virtual function of the network card; no host agent can do that. */
const acceleration: ValueCheck = (value) => {
  if (value === 'none') return undefined;
  return value === 'sriov'
    ? 'SR-IOV needs a network card whose virtual functions Open vSwitch can offload to, and no member has one: unset it or use "none"'
    : `Invalid value "${value}" (not one of none, sriov)`;
};

const NIC_OPTIONS: Readonly<Record<string, ValueCheck>> = {
  acceleration,
  'boot.priority': priority,
  host_name: interfaceName,
  hwaddr: mac,
  'ipv4.address': address('IPv4', passes(z.ipv4())),
  'ipv4.routes': ipv4Subnets,
  'ipv4.routes.external': ipv4Subnets,
  'ipv6.address': address('IPv6', passes(z.ipv6())),
  'ipv6.routes': ipv6Subnets,
  'ipv6.routes.external': ipv6Subnets,
  'limits.egress': bitRate,
  'limits.ingress': bitRate,
  'limits.max': bitRate,
  mtu,
  name: interfaceName,
  network: anything,
  'security.acls': aclNames,
  'security.acls.default.egress.action': action,
  'security.acls.default.egress.logged': boolean,
  'security.acls.default.ingress.action': action,
  'security.acls.default.ingress.logged': boolean,
  // LXD has these for bridges; here they are on unless said otherwise (ADR 17).
  'security.ipv4_filtering': boolean,
  'security.ipv6_filtering': boolean,
  'security.mac_filtering': boolean,
};

const MANAGED = 'set "network" to a managed network ("lxc network list" shows them)';

/** Checks the options of a NIC; `options` has neither `type` nor empty values. Throws what `fail` throws. */
export function parseNic(options: StringMap, fail: Fail): StringMap {
  const { nictype, parent, network } = options;
  if (network && nictype !== undefined) return fail('Cannot use "nictype" property in conjunction with "network" property');
  if (network && parent !== undefined) return fail('Cannot use "parent" property in conjunction with "network" property');
  if (parent !== undefined || (nictype !== undefined && nictype !== 'ovn'))
    return fail(`NICs of type "${nictype ?? 'physical'}" on interfaces of the host are not supported: ${MANAGED}`);
  if (!network) return fail(`Missing the required "network" property: ${MANAGED}`);
  for (const [option, value] of Object.entries(options)) {
    const check = Object.hasOwn(NIC_OPTIONS, option) ? NIC_OPTIONS[option] : undefined;
    if (!check) return fail(`Invalid device option "${option}"`);
    const problem = check(value);
    if (problem) return fail(`Invalid value for device option "${option}": ${problem}`);
  }
  if (options['limits.max'] && (options['limits.ingress'] || options['limits.egress']))
    return fail('Cannot use "limits.max" together with "limits.ingress" or "limits.egress": it sets both');
  return options;
}

export const isMac = (value: string): boolean => mac(value) === undefined;
export const isInterfaceName = (value: string): boolean => interfaceName(value) === undefined;
