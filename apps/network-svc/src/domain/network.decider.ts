import { checkEtag, sortedMap, WeftError, type NetworkEvent, type NetworkType } from '@weft/contracts';
import { checkNetworkName } from './network.names';
import { isVolatile, parseNetworkConfig } from './network.config-keys';
import type { NetworkFacts } from './network.facts';
import { checkPhysical, settleOvn } from './network.settle';
import { DEFAULT_PROJECT, networkEtag, type ActiveNetwork, type NetworkAggregate } from './network.state';

interface Content {
  description?: string;
  config?: Readonly<Record<string, string>>;
}

export type NetworkCommand =
  | ({ type: 'create'; networkId: string; project: string; name: string; networkType: string; number: number; facts: NetworkFacts } & Required<Content>)
  | ({ type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; facts: NetworkFacts; inUse: boolean } & Content)
  | { type: 'rename'; newName: string; inUse: boolean }
  | { type: 'delete'; inUse: boolean };

/** `inUse`: something refers to the network: a NIC, a linked peer, for a physical one a router. */
export function decideNetwork(command: NetworkCommand, state: NetworkAggregate): NetworkEvent[] {
  if (command.type === 'create') return create(command);
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

function create(command: Extract<NetworkCommand, { type: 'create' }>): NetworkEvent[] {
  const { networkId, project, name, number, description, facts } = command;
  checkNetworkName(name);
  const type = parseNetworkType(command.networkType, project);
  const given = parseNetworkConfig(type, name, withoutVolatile(command.config));
  const config = settle(type, name, given, networkId, facts);
  return [{ type: 'NetworkCreated', data: { networkId, project, name, number, type, description, config, uplinkId: facts.uplink?.id ?? null } }];
}

function settle(type: NetworkType, name: string, given: Record<string, string>, seed: string, facts: NetworkFacts): Record<string, string> {
  // The only uplink that a network could have is chosen for it, and shown.
  if (type === 'ovn') return sortedMap(settleOvn(facts.uplink ? { ...given, network: facts.uplink.name } : given, seed, facts));
  checkPhysical(name, given);
  return given;
}

/** Only the service writes them; what a client sends along counts for nothing. */
const withoutVolatile = (config: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !isVolatile(key)));
const onlyVolatile = (config: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => isVolatile(key)));

function update(command: Extract<NetworkCommand, { type: 'update' }>, state: ActiveNetwork): NetworkEvent[] {
  checkEtag(command.ifMatch, networkEtag(state));
  const { networkId, project, name, type } = state;
  const merge = command.mode === 'merge';
  const description = command.description ?? (merge ? state.description : '');
  const wanted = merge ? { ...state.config, ...command.config } : (command.config ?? {});
  const given = parseNetworkConfig(type, name, { ...withoutVolatile(wanted), ...onlyVolatile(state.config) });
  checkFixed(state, given, command.inUse);
  const { facts } = command;
  const config = settle(type, name, given, networkId, facts);
  return [{ type: 'NetworkUpdated', data: { networkId, project, name, type, description, config, uplinkId: facts.uplink?.id ?? null } }];
}

/** What those who use the network could not follow. */
function checkFixed({ type, config }: ActiveNetwork, given: Readonly<Record<string, string>>, inUse: boolean): void {
  const fixed = type === 'physical' ? ['parent', 'vlan'] : ['network'];
  const moved = fixed.find((key) => (config[key] ?? '') !== (given[key] ?? ''));
  if (moved && inUse) throw new WeftError('network.in-use', `Cannot change "${moved}" while the network is in use`);
}
