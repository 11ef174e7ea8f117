import { type DesiredNetwork, type DesiredPairing, ownerOf } from '../model';
import { FAMILIES, hostSubnet, withoutLength } from './addresses';
import { subnetsOf } from './address-set.rows';
import { type DesiredRow, type MakeRow, rowMaker } from './desired-row';
import { linkTo } from './keys';
import { networkNames } from './names';
import { peerPolicyRows } from './policy.rows';

/** A link between two routers, and on each of them the way to what the other has. */
export function peerRows(pairing: DesiredPairing, [left, right]: readonly [DesiredNetwork, DesiredNetwork]): DesiredRow[] {
  const make = rowMaker(ownerOf.pairing(pairing.id), pairing.version);
  return [...sideRows(make, left, right, true), ...sideRows(make, right, left, false)];
}

function sideRows(make: MakeRow, network: DesiredNetwork, peer: DesiredNetwork, anchor: boolean): DesiredRow[] {
  const families = FAMILIES.filter((family) => network[`ipv${family}`] && peer[`ipv${family}`]);
  if (families.length === 0) return [];
  const port = {
    name: networkNames(network.number).peerRouterPort(peer.number),
    mac: network.routerMac,
    networks: families.map((family) => hostSubnet(withoutLength(network[`ipv${family}`]!))),
    peer: networkNames(peer.number).peerRouterPort(network.number),
  };
  return [
    make('Logical_Router_Port', 'peer-port', port, { id: network.id, links: [linkTo.routerPort(network.id)], anchor }),
    ...families.flatMap((family) => peerRoutes(make, network, peer, port.name, family)),
    ...peerPolicyRows(make, network, peer),
  ];
}

function peerRoutes(make: MakeRow, network: DesiredNetwork, peer: DesiredNetwork, output_port: string, family: 4 | 6): DesiredRow[] {
  const nexthop = withoutLength(peer[`ipv${family}`]!);
  return subnetsOf(peer, family).map((ip_prefix) => {
    const columns = { ip_prefix, nexthop, output_port };
    return make('Logical_Router_Static_Route', 'peer-route', columns, { id: `${network.id} ${ip_prefix}`, links: [linkTo.staticRoute(network.id)] });
  });
}
