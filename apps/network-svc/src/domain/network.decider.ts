import { checkEtag, sortedMap, WeftError, type NetworkEvent, type NetworkType } from '@weft/contracts';
import { checkNetworkName } from './network.names';
import { isVolatile, parseNetworkConfig } from './network.config-keys';
import type { NetworkFacts } from './network.facts';
import { checkForAll, defineOnMember, parseMemberConfig, settlePending, type DefineOnMember } from './network.pending';
import { checkPhysical, settleOvn } from './network.settle';
import { DEFAULT_PROJECT, isPending, networkEtag, type ActiveNetwork, type NetworkAggregate, type PendingNetwork } from './network.state';

interface Content {
  description?: string;
  config?: Readonly<Record<string, string>>;
}

export type NetworkCommand =
  | ({
      type: 'create';
      networkId: string;
      project: string;
      name: string;
      networkType: string;
      number: number;
      facts: NetworkFacts;
      members?: readonly string[];
    } & Required<Content>)
  | DefineOnMember
  | ({ type: 'fail'; reason: string } & Required<Content>)
  /** `target`: only what this member has for itself. */
  | ({ type: 'update'; mode: 'replace' | 'merge'; target?: string; ifMatch?: string; facts: NetworkFacts; inUse: boolean } & Content)
  | { type: 'rename'; newName: string; inUse: boolean }
  | { type: 'delete'; inUse: boolean };

/** `inUse`: something refers to the network: a NIC, a linked peer, for a physical one a router. */
export function decideNetwork(command: NetworkCommand, state: NetworkAggregate): NetworkEvent[] {
  if (command.type === 'create') return create(command, state);
  if (command.type === 'define') return defineOnMember(command, state);
  if (isPending(state)) return decidePending(command, state);
  if (state.status !== 'active') throw new WeftError('network.not-found', 'Network not found');
  const { networkId, project, name, type } = state;
  const place = { networkId, project, name };
  switch (command.type) {
    case 'update':
      return update(command, state);
    case 'rename':
      if (command.inUse) throw new WeftError('network.in-use', 'The network is currently in use');
      checkNetworkName(command.newName);
      if (command.newName === name) throw new WeftError('network.exists', `Name "${name}" already in use`);
      return [{ type: 'NetworkRenamed', data: { ...place, oldName: name, name: command.newName } }];
    case 'fail':
      return [];
    case 'delete':
      if (command.inUse) throw new WeftError('network.in-use', 'The network is currently in use');
      return [{ type: 'NetworkDeleted', data: { ...place, type } }];
    default:
      return command satisfies never;
  }
}

/** @throws WeftError `network.unsupported`, in words that say what to use */
export function parseNetworkType(type: string, project: string): NetworkType {
  switch (type) {
    case 'ovn':
      return type;
    case 'physical':
      if (project === DEFAULT_PROJECT) return type;
      throw new WeftError('network.unsupported', 'Network type does not support non-default projects: physical networks belong into the project "default"');
    case '':
    case 'bridge':
    case 'macvlan':
    case 'sriov':
      throw new WeftError('network.unsupported', `Network type "${type || 'bridge'}" is not supported on this platform: use --type=ovn or --type=physical`);
    default:
      throw new WeftError('network.invalid', `Invalid network type "${type}": use ovn or physical`);
  }
}

/** What can be done with one that is not made yet. @throws WeftError `network.invalid` */
function decidePending(command: Exclude<NetworkCommand, { type: 'create' | 'define' }>, state: PendingNetwork): NetworkEvent[] {
  const { networkId, project, name, type } = state;
  const place = { networkId, project, name, type };
  switch (command.type) {
    case 'delete':
      return [{ type: 'NetworkDeleted', data: place }];
    case 'fail':
      return [{ type: 'NetworkCreateFailed', data: { ...place, description: command.description, config: { ...command.config }, reason: command.reason } }];
    case 'update':
    case 'rename':
      throw new WeftError('network.invalid', `Cannot ${command.type} network when not in created state`);
    default:
      return command satisfies never;
  }
}

function create(command: Extract<NetworkCommand, { type: 'create' }>, state: NetworkAggregate): NetworkEvent[] {
  const { networkId, project, name, number, facts } = command;
  checkNetworkName(name);
  const type = parseNetworkType(command.networkType, project);
  const pending = isPending(state) ? state : undefined;
  const wanted = pending ? settlePending(pending, { ...command, type, members: command.members ?? [] }) : command;
  const given = parseNetworkConfig(type, name, withoutVolatile(wanted.config));
  const config = settle({ type, name, networkId, memberConfig: pending?.memberConfig ?? {} }, given, facts);
  const place = { networkId, project, name, number, type };
  const own = pending && { memberConfig: pending.memberConfig };
  return [{ type: 'NetworkCreated', data: { ...place, description: wanted.description, config, ...own, uplinkId: facts.uplink?.id ?? null } }];
}

type Identity = Pick<ActiveNetwork, 'type' | 'name' | 'networkId' | 'memberConfig'>;

function settle({ type, name, networkId, memberConfig }: Identity, given: Record<string, string>, facts: NetworkFacts): Record<string, string> {
  // The only uplink that a network could have is chosen for it, and shown.
  if (type === 'ovn') return sortedMap(settleOvn(facts.uplink ? { ...given, network: facts.uplink.name } : given, networkId, facts));
  checkPhysical(name, given, Object.keys(memberConfig).length > 0);
  return given;
}

/** Only the service writes them; what a client sends along counts for nothing. */
const withoutVolatile = (config: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !isVolatile(key)));
const onlyVolatile = (config: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => isVolatile(key)));

function update(command: Extract<NetworkCommand, { type: 'update' }>, state: ActiveNetwork): NetworkEvent[] {
  if (command.target !== undefined) return updateOnMember(command, command.target, state);
  checkEtag(command.ifMatch, networkEtag(state));
  const { networkId, project, name, type } = state;
  const merge = command.mode === 'merge';
  const description = command.description ?? (merge ? state.description : '');
  const wanted = merge ? { ...state.config, ...command.config } : (command.config ?? {});
  const given = parseNetworkConfig(type, name, { ...withoutVolatile(wanted), ...onlyVolatile(state.config) });
  // Every member has one for itself.
  if (type === 'physical' && !state.config['parent']) checkForAll(type, given);
  checkFixed(state, given, command.inUse);
  const { facts } = command;
  const ownParents = state.config['parent'] ? {} : state.memberConfig;
  const config = settle({ ...state, memberConfig: ownParents }, given, facts);
  return [{ type: 'NetworkUpdated', data: { networkId, project, name, type, description, config, ...ownPart(state), uplinkId: facts.uplink?.id ?? null } }];
}

const ownPart = ({ memberConfig }: ActiveNetwork) => (Object.keys(memberConfig).length > 0 ? { memberConfig } : {});

/** Clients send what all members have along, as they have read it. */
function updateOnMember(command: Extract<NetworkCommand, { type: 'update' }>, member: string, state: ActiveNetwork): NetworkEvent[] {
  const { networkId, project, name, type, description, config, uplinkId } = state;
  const before = { ...config, ...state.memberConfig[member] };
  checkEtag(command.ifMatch, networkEtag({ ...state, config: before }));
  const wanted = command.mode === 'merge' ? { ...before, ...command.config } : (command.config ?? {});
  const own = parseMemberConfig(type, name, Object.fromEntries(Object.entries(wanted).filter(([key, value]) => key === 'parent' || config[key] !== value)));
  checkFixed({ ...state, config: before }, { ...before, ...own }, command.inUse);
  const memberConfig = { ...state.memberConfig, [member]: own };
  return [{ type: 'NetworkUpdated', data: { networkId, project, name, type, description, config, memberConfig, uplinkId } }];
}

/** What those who use the network could not follow. */
function checkFixed({ type, config }: ActiveNetwork, given: Readonly<Record<string, string>>, inUse: boolean): void {
  const fixed = type === 'physical' ? ['parent', 'vlan'] : ['network'];
  const moved = fixed.find((key) => (config[key] ?? '') !== (given[key] ?? ''));
  if (moved && inUse) throw new WeftError('network.in-use', `Cannot change "${moved}" while the network is in use`);
}
