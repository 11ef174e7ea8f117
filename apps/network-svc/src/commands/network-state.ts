import type { CommandHandler } from '../api/command-handler';
import { formatAddress } from '../domain/ip-address';
import { networkAddress } from '../domain/network.settle';
import { routerMac } from '../domain/router-mac';
import { mayUse } from './authorize';
import { WeftError } from '@weft/contracts';
import { requireNetwork, type NetworkRow } from '../queries/find-networks';
import { projectOf } from '../queries/find-project';

/** LXD's NetworkState. OVN keeps no counters per network: they are zero, as LXD's are. */
export const readNetworkState: CommandHandler<'network.state'> = async (deps, meta, body) => {
  const project = await projectOf(deps, meta);
  if (!mayUse(meta, project.name)) throw new WeftError('auth.forbidden', 'not authorized');
  const network = await requireNetwork(deps.pool, project.owner, body.name);
  const chassis = network.type === 'ovn' ? await deps.dataPlane.gatewayChassis(network.number) : undefined;
  return { result: { ...state(network), ovn: network.type === 'ovn' ? { chassis: chassis ?? '' } : null } };
};

function state({ networkId, config, type }: NetworkRow) {
  const addresses = ([4, 6] as const).flatMap((family) => {
    const own = networkAddress(config, family);
    return own ? [{ family: family === 4 ? 'inet' : 'inet6', address: formatAddress(own.address), netmask: String(own.subnet.prefix), scope: 'global' }] : [];
  });
  return {
    addresses,
    counters: { bytes_received: 0, bytes_sent: 0, packets_received: 0, packets_sent: 0 },
    hwaddr: type === 'ovn' ? routerMac(networkId, config) : '',
    mtu: Number(config['bridge.mtu'] ?? config['mtu'] ?? 1500),
    state: 'up',
    type: 'broadcast',
    bond: null,
    bridge: null,
    vlan: null,
  };
}
