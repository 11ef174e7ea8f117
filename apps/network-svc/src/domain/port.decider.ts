/** Which ports an instance has, and with which addresses. Addresses are kept as long as they fit. */
import { isTrue, WeftError, type BoundNic, type GuestResolver, type InstanceType, type PortEvent } from '@weft/contracts';
import { contains, eui64, firstFree, formatAddress, parseAddress, parseList, parseRange, type IpAddress, type Range } from './ip-address';
import { checkNicOnNetwork, parseNic, refuse, type Nic, type NicNetwork } from './nic.config';
import { networkAddress } from './network.settle';
import { portId, portPlace, type LivePort, type PortAddresses } from './port.state';

export interface PortsCommand {
  instance: { instanceId: string; instanceName: string; project: string; type: InstanceType };
  nics: Readonly<Record<string, Nic>>;
  /** The instance's present ports. */
  present: readonly LivePort[];
  /** By the name that a NIC uses; addresses of the instance itself are not in `taken`. */
  networks: ReadonlyMap<string, NicNetwork>;
  /** Activate the ports there; undefined leaves them as they are. */
  member: string | undefined;
}

export interface PortChange {
  portId: string;
  events: PortEvent[];
}

/** @throws WeftError `device.invalid`, `network.exhausted`, `project.restricted` */
export function decidePorts(command: PortsCommand): { changes: PortChange[]; ports: LivePort[] } {
  const present = new Map(command.present.map((port) => [port.device, port]));
  const names = guestNames(command.nics);
  const ports: LivePort[] = [];
  for (const [device, options] of Object.entries(command.nics)) {
    const nic = parseNic(device, options);
    const network = command.networks.get(nic['network']!);
    if (!network) return refuse(device, `Network "${nic['network']}" does not exist in this project`);
    const siblings = ports.filter((port) => port.networkId === network.networkId).flatMap(({ addresses }) => [...addresses.ipv4, ...addresses.ipv6]);
    checkNicOnNetwork(device, nic, { ...network, taken: [...network.taken, ...siblings] });
    ports.push(settlePort(command, device, nic, network, present.get(device), { guestName: names.get(device)!, siblings }));
  }
  const changes = ports.flatMap((port) => changeOf(port, present.get(port.device), command.member));
  const gone = command.present.filter(({ device }) => !Object.hasOwn(command.nics, device));
  return { changes: [...changes, ...gone.map((port) => ({ portId: port.portId, events: removal(port) }))], ports };
}

/** `name`, or the next free `eth<n>` as LXD gives it. */
function guestNames(nics: Readonly<Record<string, Nic>>): Map<string, string> {
  const taken = new Set(Object.values(nics).flatMap((nic) => nic['name'] || []));
  const free = function* (): Generator<string> {
    for (let n = 0; ; n++) if (!taken.has(`eth${n}`)) yield `eth${n}`;
  };
  const next = free();
  return new Map(
    Object.keys(nics)
      .sort()
      .map((device) => [device, nics[device]!['name'] || (next.next().value as string)]),
  );
}

interface Surroundings {
  guestName: string;
  /** Addresses that the instance's other NICs on this network have just been given. */
  siblings: readonly string[];
}

function settlePort(
  { instance, member }: PortsCommand,
  device: string,
  nic: Nic,
  network: NicNetwork,
  before: LivePort | undefined,
  around: Surroundings,
): LivePort {
  const hwaddr = (nic['hwaddr'] ?? before?.hwaddr)?.toLowerCase();
  if (!hwaddr) return refuse(device, 'The NIC has no MAC address: set "hwaddr"');
  const stays = before?.networkId === network.networkId ? before : undefined;
  const taken = [...network.taken, ...around.siblings].flatMap((text) => parseAddress(text) ?? []);
  return {
    status: member === undefined ? (stays?.status ?? 'defined') : 'active',
    members: member === undefined ? (stays?.members ?? []) : [member],
    portId: portId(instance.instanceId, device),
    ...instance,
    device,
    networkId: network.networkId,
    networkName: network.name,
    networkProject: network.project,
    hwaddr,
    addresses: allocate(nic, network, hwaddr, stays?.addresses, taken),
    guestName: around.guestName,
    interfaceId: `weft-net${network.number}-instance-${instance.instanceId}-${device}`,
    nic: { ...nic },
  };
}

/** Addresses of a NIC: static ones, present ones that still fit, or the first free one (IPv4) and EUI-64 (IPv6). */
export function allocate(nic: Nic, network: NicNetwork, hwaddr: string, present: PortAddresses | undefined, taken: readonly IpAddress[]): PortAddresses {
  const v4 = networkAddress(network.config, 4);
  const v6 = networkAddress(network.config, 6);
  const ipv4 = v4 && nic['ipv4.address'] === undefined ? dynamicIpv4(network, present?.ipv4[0], taken) : nic['ipv4.address'];
  const ipv6 = v6 && (nic['ipv6.address'] ?? formatAddress(eui64(v6.subnet, hwaddr)));
  return { ipv4: v4 && ipv4 ? [formatAddress(parseAddress(ipv4)!)] : [], ipv6: ipv6 ? [formatAddress(parseAddress(ipv6)!)] : [] };
}

/** What DHCP may give away: the ranges, or the whole subnet; never the gateway or the subnet's ends. */
export function dhcpRanges(config: Readonly<Record<string, string>>): Range[] {
  const own = networkAddress(config, 4);
  if (!own) return [];
  const ranges = parseList(config['ipv4.dhcp.ranges'], parseRange) ?? [];
  return ranges.length > 0 ? ranges : [{ family: 4, first: own.subnet.first + 1n, last: own.subnet.last - 1n }];
}

const givesIpv4 = ({ config }: Pick<NicNetwork, 'config'>): boolean => config['ipv4.dhcp'] === undefined || isTrue(config['ipv4.dhcp']);

/** A network's own addresses. */
export function reserved(config: Readonly<Record<string, string>>): IpAddress[] {
  const own = networkAddress(config, 4);
  return own ? [own.address, { family: 4, value: own.subnet.first }, { family: 4, value: own.subnet.last }] : [];
}

/** Whether the network could give this address to a port. */
const mayGive = (config: Readonly<Record<string, string>>, address: IpAddress): boolean =>
  dhcpRanges(config).some((range) => contains(range, address)) && !reserved(config).some(({ family, value }) => family === 4 && value === address.value);

/** Whether a NIC stays with the addresses that its port has: then it does not matter which ones others have. */
export function keepsAddresses(nic: Nic, network: Pick<NicNetwork, 'networkId' | 'config'>, before: LivePort | undefined): boolean {
  if (before?.networkId !== network.networkId) return false;
  const sameStatic = ([4, 6] as const).every((family) => {
    const wanted = parseAddress(nic[`ipv${family}.address`] ?? '');
    return !wanted || before.addresses[`ipv${family}`].includes(formatAddress(wanted));
  });
  if (!sameStatic) return false;
  if (nic['ipv4.address'] !== undefined || !networkAddress(network.config, 4) || !givesIpv4(network)) return true;
  const kept = parseAddress(before.addresses.ipv4[0] ?? '');
  return kept !== undefined && mayGive(network.config, kept);
}

function dynamicIpv4(network: NicNetwork, present: string | undefined, others: readonly IpAddress[]): string | undefined {
  if (!givesIpv4(network)) return undefined;
  const ranges = dhcpRanges(network.config);
  const isFree = (one: IpAddress): boolean => !others.some(({ family, value }) => family === 4 && value === one.value);
  const kept = parseAddress(present ?? '');
  if (kept && mayGive(network.config, kept) && isFree(kept)) return present;
  const free = network.free
    ? network.free.flatMap((text) => parseAddress(text) ?? []).find(isFree)
    : firstFree(ranges, [...reserved(network.config), ...others]);
  if (!free) throw new WeftError('network.exhausted', `No free IPv4 address is left on network "${network.name}": widen its subnet or ipv4.dhcp.ranges`);
  return formatAddress(free);
}

function changeOf(port: LivePort, before: LivePort | undefined, member: string | undefined): PortChange[] {
  const events: PortEvent[] = [];
  if (before && before.networkId !== port.networkId) events.push(...removal(before));
  if (!before || events.length > 0 || !sameContent(before, port)) events.push({ type: 'PortDefined', data: definition(port) });
  const bound = before?.status === 'active' && events.length === 0 && before.members.length === 1 && before.members[0] === member;
  // An active port that changes is told again: who follows names and addresses needs no other event.
  const tellAgain = member === undefined && port.status === 'active' && events.some(({ type }) => type === 'PortDefined');
  if (member !== undefined && !bound) events.push(activation(port, member));
  else if (tellAgain) events.push(activation(port, port.members[0]!));
  return events.length > 0 ? [{ portId: port.portId, events }] : [];
}

const definition = (port: LivePort) => {
  const { hwaddr, addresses, type, guestName, interfaceId, nic } = port;
  return { ...portPlace(port), hwaddr, addresses, type, guestName, interfaceId, nic };
};

const sameContent = (a: LivePort, b: LivePort): boolean => JSON.stringify(comparable(a)) === JSON.stringify(comparable(b));
const comparable = (port: LivePort): unknown => {
  const { nic, ...rest } = definition(port);
  const { ipv4, ipv6 } = rest.addresses;
  return [Object.entries(nic).sort(), ipv4, ipv6, portPlace(port), rest.hwaddr, rest.type, rest.guestName, rest.interfaceId];
};

const contentOf = (port: LivePort) => ({ ...portPlace(port), hwaddr: port.hwaddr, addresses: port.addresses });
const activation = (port: LivePort, member: string): PortEvent => ({ type: 'PortActivated', data: { ...contentOf(port), member } });

/** Leaves OVN, keeps its addresses. */
export const deactivation = (port: LivePort): PortEvent[] => (port.status === 'active' ? [{ type: 'PortDeactivated', data: contentOf(port) }] : []);
export const removal = (port: LivePort): PortEvent[] => [...deactivation(port), { type: 'PortRemoved', data: contentOf(port) }];

/** @throws WeftError `instance.wrong-status` */
export function bind(port: LivePort, members: string[]): PortEvent[] {
  if (port.status !== 'active') throw new WeftError('instance.wrong-status', `NIC "${port.device}" of instance "${port.instanceName}" is not active`);
  if (JSON.stringify(port.members) === JSON.stringify(members)) return [];
  return [{ type: 'PortBound', data: { ...portPlace(port), members } }];
}

/** What an agent needs to plug it. */
export function boundNicOf(port: LivePort, config: Readonly<Record<string, string>>, resolver: GuestResolver | undefined): BoundNic {
  const prefix = (family: 4 | 6): number => networkAddress(config, family)?.subnet.prefix ?? 0;
  return {
    ifaceId: port.interfaceId,
    hwaddr: port.hwaddr,
    mtu: Number(config['bridge.mtu'] ?? 1442),
    network: port.networkName,
    guestName: port.guestName,
    addresses: [...port.addresses.ipv4.map((one) => `${one}/${prefix(4)}`), ...port.addresses.ipv6.map((one) => `${one}/${prefix(6)}`)],
    ...(port.nic['host_name'] ? { hostName: port.nic['host_name'] } : {}),
    ...(resolver && { resolver }),
  };
}
