import type { DesiredNetwork, DesiredPort } from '../model';
import { addressesOf, FAMILIES, familyOf, subnetOf } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { linkTo } from './keys';

/** What leaves the network gets an external address, unless the network keeps its own. */
export function networkNatRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  if (!network.uplink) return [];
  return FAMILIES.flatMap((family) => {
    const [external_ip, inner] = [network.nat[`ipv${family}`], network[`ipv${family}`]];
    if (!external_ip || !inner) return [];
    const columns = { type: 'snat' as const, external_ip, logical_ip: subnetOf(inner), options: { stateless: 'false' } };
    return [make('NAT', 'source-nat', columns, { id: String(family), links: [linkTo.nat(network.id)] })];
  });
}

/**
 * Addresses of a port that the outside may see as they are: on an uplink in `l2proxy` mode the router answers for each of them
 * (a stateless translation of the address to itself); in `routed` mode the uplink sends them to the router anyway.
 */
export function portNatRows(make: MakeRow, network: DesiredNetwork, port: DesiredPort): DesiredRow[] {
  if (network.uplink?.ingressMode !== 'l2proxy') return [];
  const own = FAMILIES.flatMap((family) => {
    const address = port[`ipv${family}`];
    return address && !network.nat[`ipv${family}`] ? [address] : [];
  });
  const reachable = [...own, ...port.externalRoutes.flatMap(addressesOf)].filter((address) => network.uplink?.[`ipv${familyOf(address)}`]);
  return [...new Set(reachable)].map((address) => {
    const columns = { type: 'dnat_and_snat' as const, external_ip: address, logical_ip: address, options: { stateless: 'true' } };
    return make('NAT', 'proxied-address', columns, { id: address, links: [linkTo.nat(network.id)] });
  });
}
