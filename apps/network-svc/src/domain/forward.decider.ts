/** Network forwards: what LXD accepts, in its words. Source: LXD 5.0 documentation, "Network forwards"; traces/05. */
import { checkEtag, sortedMap, WeftError, type ForwardPort, type NetworkForwardEvent } from '@weft/contracts';
import { parsePortRange } from './acl.rules';
import { forwardEtag, type ForwardAggregate } from './forward.state';
import { contains, formatAddress, hostSubnet, parseAddress, parseSubnet, type IpAddress } from './ip-address';
import type { UplinkFacts } from './network.facts';
import { networkAddress, requireRoute } from './network.settle';

interface Content {
  description?: string;
  config?: Readonly<Record<string, string>>;
  ports?: readonly ForwardPort[];
}

export interface ForwardFacts {
  /** Settled configuration of the network. */
  network: Readonly<Record<string, string>>;
  uplink: UplinkFacts | undefined;
  /** External addresses and subnets on the uplink that others have. */
  taken: readonly string[];
  allowedSubnets: readonly string[] | undefined;
}

export type ForwardCommand =
  | ({
      type: 'create';
      forwardId: string;
      networkId: string;
      project: string;
      networkName: string;
      listenAddress: string;
      facts: ForwardFacts;
    } & Required<Content>)
  | ({ type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; facts: ForwardFacts } & Content)
  | { type: 'delete' };

const MAX_LISTEN_PORTS = 10_000;

const fail = (message: string): never => {
  throw new WeftError('network-forward.invalid', message);
};

export function decideForward(command: ForwardCommand, state: ForwardAggregate): NetworkForwardEvent[] {
  if (command.type === 'create') {
    const { forwardId, networkId, project, networkName, facts } = command;
    const listen = checkListenAddress(command.listenAddress, facts);
    const place = { forwardId, networkId, project, networkName, uplinkId: facts.uplink!.id, listenAddress: formatAddress(listen) };
    return [{ type: 'NetworkForwardCreated', data: { ...place, ...checkContent(listen, command, facts, 'creating') } }];
  }
  if (state.status !== 'active') throw new WeftError('network-forward.not-found', 'Network forward not found');
  const { forwardId, networkId, project, networkName, uplinkId, listenAddress } = state;
  const place = { forwardId, networkId, project, networkName, uplinkId, listenAddress };
  if (command.type === 'delete') return [{ type: 'NetworkForwardDeleted', data: place }];
  checkEtag(command.ifMatch, forwardEtag(state));
  const merge = command.mode === 'merge';
  const content = {
    description: command.description ?? (merge ? state.description : ''),
    config: merge ? { ...state.config, ...command.config } : (command.config ?? {}),
    ports: command.ports ?? (merge ? state.ports : []),
  };
  return [{ type: 'NetworkForwardUpdated', data: { ...place, ...checkContent(parseAddress(listenAddress)!, content, command.facts, 'updating') } }];
}

function checkListenAddress(text: string, { uplink, taken, network, allowedSubnets }: ForwardFacts): IpAddress {
  const listen = parseAddress(text);
  if (!listen) return fail(`Failed creating forward: Failed parsing address forward listen address "${text}"`);
  if (!uplink) return fail('Failed creating forward: The network has no uplink to listen on');
  if (!networkAddress(network, listen.family)) return fail(`Failed creating forward: The network has no IPv${listen.family} subnet to forward to`);
  try {
    requireRoute(uplink, hostSubnet(listen), allowedSubnets);
  } catch (error) {
    if (error instanceof WeftError) throw new WeftError(error.code, `Failed creating forward: ${error.message}`, { cause: error });
    throw error;
  }
  if (taken.some((text) => covers(text, listen))) {
    throw new WeftError('network-address.exists', `Failed creating forward: Forward listen address "${text}" overlaps with another network or NIC`);
  }
  return listen;
}

/** A subnet or a single address. */
function covers(text: string, address: IpAddress): boolean {
  const subnet = parseSubnet(text);
  return subnet ? contains(subnet, address) : text === formatAddress(address);
}

function checkContent(listen: IpAddress, content: Required<Content>, facts: ForwardFacts, doing: 'creating' | 'updating') {
  const problem = (message: string): never => fail(`Failed ${doing} forward: ${message}`);
  const config = Object.fromEntries(Object.entries(content.config).filter(([, value]) => value !== ''));
  const unknown = Object.keys(config).find((key) => key !== 'target_address' && !key.startsWith('user.'));
  if (unknown) problem(`Invalid option "${unknown}"`);
  const subnet = networkAddress(facts.network, listen.family)?.subnet;
  const target = (text: string): IpAddress | undefined => {
    const parsed = parseAddress(text);
    return parsed && subnet && contains(subnet, parsed) ? parsed : undefined;
  };
  const fallback = config['target_address'];
  if (fallback !== undefined && !parseAddress(fallback)) problem(`Invalid default target address "${fallback}"`);
  if (fallback !== undefined && !target(fallback)) problem('Default target address is not within the network subnet');
  const ports = content.ports.map((port) => ({ ...port, target_address: canonical(port.target_address) }));
  checkPorts(ports, { fallback, inside: (text) => target(text) !== undefined, problem });
  return { description: content.description, config: sortedMap(config), ports };
}

const canonical = (text: string): string => {
  const parsed = parseAddress(text);
  return parsed ? formatAddress(parsed) : text;
};

interface PortChecks {
  fallback: string | undefined;
  inside(address: string): boolean;
  problem(message: string): never;
}

function checkPorts(ports: readonly ForwardPort[], { fallback, inside, problem }: PortChecks): void {
  const taken = new Set<string>();
  for (const [index, port] of ports.entries()) {
    if (port.protocol !== 'tcp' && port.protocol !== 'udp') problem(`Invalid port protocol in port specification ${index}, protocol must be one of: tcp, udp`);
    if (!parseAddress(port.target_address)) problem(`Invalid target address in port specification ${index}`);
    if (!inside(port.target_address)) problem(`Target address is not within the network subnet in port specification ${index}`);
    if (fallback !== undefined && canonical(fallback) === port.target_address)
      problem(`Target address is same as default target address in port specification ${index}`);
    const listen = expandPorts(port.listen_port);
    if (!listen || listen.length === 0) return problem(`Invalid listen port in port specification ${index}`);
    const targets = expandPorts(port.target_port);
    if (!targets) return problem(`Invalid target port in port specification ${index}`);
    if (targets.length > 1 && targets.length !== listen.length) problem(`Mismatch of listen port(s) and target port(s) count in port specification ${index}`);
    for (const number of listen) {
      const key = `${port.protocol}/${number}`;
      if (taken.has(key)) problem(`Duplicate listen port ${number} for protocol "${port.protocol}" in port specification ${index}`);
      taken.add(key);
      if (taken.size > MAX_LISTEN_PORTS) problem(`More than ${MAX_LISTEN_PORTS} listen ports`);
    }
  }
}

/** Every port of a list of ports and ranges; empty text is the empty list. Undefined when something is wrong. */
export function expandPorts(text: string): number[] | undefined {
  if (text.trim() === '') return [];
  const ranges = text.split(',').map(parsePortRange);
  if (!ranges.every((range) => range !== undefined)) return undefined;
  return ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
}
