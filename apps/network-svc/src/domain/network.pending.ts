/**
 * A network of which each member has a part of its own is told of on every member first, then made for all at once
 * (`lxc network create --target`). Words of LXD 5.0.2.
 */
import { WeftError, type NetworkEvent, type NetworkType } from '@weft/contracts';
import { parseNetworkConfig } from './network.config-keys';
import { checkNetworkName } from './network.names';
import { isPending, type NetworkAggregate, type PendingNetwork } from './network.state';

type Config = Readonly<Record<string, string>>;

/** Keys that can differ from member to member, by type; a type without any is made on all members at once. */
const MEMBER_KEYS: Readonly<Record<NetworkType, readonly string[]>> = { ovn: [], physical: ['parent'] };

const invalid = (message: string): WeftError => new WeftError('network.invalid', message);

/** What a member has for itself. @throws WeftError `network.invalid`, `network.unsupported` */
export function parseMemberConfig(type: NetworkType, name: string, config: Config): Record<string, string> {
  if (MEMBER_KEYS[type].length === 0) throw new WeftError('network.unsupported', `Network type "${type}" does not support member specific config`);
  const foreign = Object.keys(config).find((key) => !MEMBER_KEYS[type].includes(key));
  if (foreign !== undefined) throw invalid(`Config key "${foreign}" may not be used as cluster member specific key`);
  const own = parseNetworkConfig(type, name, config);
  if (type === 'physical' && !own['parent']) throw invalid(`Invalid value for network "${name}" option "parent": Required value`);
  return own;
}

/** @throws WeftError `network.invalid` when it names what members have for themselves */
export function checkForAll(type: NetworkType, config: Config): void {
  const own = Object.keys(config).find((key) => MEMBER_KEYS[type].includes(key));
  if (own !== undefined) throw invalid(`Config key "${own}" is cluster member specific`);
}

export interface DefineOnMember {
  type: 'define';
  networkId: string;
  project: string;
  name: string;
  networkType: NetworkType;
  member: string;
  config: Config;
}

/** @throws WeftError `network.invalid`, `network.unsupported` */
export function defineOnMember(command: DefineOnMember, state: NetworkAggregate): NetworkEvent[] {
  const { networkId, project, name, networkType: type, member } = command;
  checkNetworkName(name);
  const config = parseMemberConfig(type, name, command.config);
  if (state.status === 'active' || (isPending(state) && Object.hasOwn(state.memberConfig, member)))
    throw invalid(`The network is already defined on member "${member}"`);
  if (isPending(state) && state.type !== type) throw invalid("Requested network type doesn't match type in existing database record");
  const place = isPending(state) ? { networkId: state.networkId, project: state.project } : { networkId, project };
  return [{ type: 'NetworkMemberDefined', data: { ...place, name, type, member, config } }];
}

export interface WantedForAll {
  type: NetworkType;
  description: string;
  config: Config;
  members: readonly string[];
}

/** What is to be made of it for all. @throws WeftError `network.invalid` */
export function settlePending(pending: PendingNetwork, wanted: WantedForAll): { description: string; config: Config } {
  if (pending.type !== wanted.type) throw invalid(`Requested network type "${wanted.type}" doesn't match type in existing database record "${pending.type}"`);
  checkForAll(wanted.type, wanted.config);
  const missing = wanted.members.filter((member) => !Object.hasOwn(pending.memberConfig, member));
  if (missing.length > 0) throw invalid(`Network not defined on nodes: ${missing.join(', ')}`);
  if (pending.status === 'pending') return wanted;
  if (Object.keys(wanted.config).length > 0) throw invalid('Network already partially created. Please do not specify any global config when re-running create');
  return pending;
}
