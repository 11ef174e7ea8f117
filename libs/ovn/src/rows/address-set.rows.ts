import type { DesiredNetwork } from '../model';
import { FAMILIES, familyOf, subnetOf } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { networkNames } from './names';

/** All that belongs to the network, by family: its subnet and what is routed to its ports. */
export function addressSetRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  return FAMILIES.map((family) => {
    const columns = { name: networkNames(network.number).routes(family), addresses: subnetsOf(network, family) };
    return make('Address_Set', 'routes', columns, { id: String(family) });
  });
}

export function subnetsOf(network: DesiredNetwork, family: 4 | 6): string[] {
  const own = network[`ipv${family}`];
  const routes = network.routes.filter((route) => familyOf(route) === family);
  return [...new Set([...(own ? [subnetOf(own)] : []), ...routes])].sort();
}
