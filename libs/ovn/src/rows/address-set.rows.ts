import type { DesiredAcl, DesiredNetwork } from '../model';
import { FAMILIES, familyOf, subnetOf } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { aclNames, networkNames } from './names';

/** All that belongs to the network, by family: its subnet and what is routed to its ports. */
export function addressSetRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  return FAMILIES.map((family) => {
    const columns = { name: networkNames(network.number).routes(family), addresses: subnetsOf(network, family) };
    return make('Address_Set', 'routes', columns, { id: String(family) });
  });
}

/** What is routed to the ports that use an ACL, by family. */
export function aclAddressSetRows(make: MakeRow, acl: DesiredAcl): DesiredRow[] {
  return FAMILIES.map((family) => {
    const columns = { name: aclNames(acl.number).routes(family), addresses: routesOf(acl, family) };
    return make('Address_Set', 'routes', columns, { id: String(family) });
  });
}

export function subnetsOf(network: DesiredNetwork, family: 4 | 6): string[] {
  const own = network[`ipv${family}`];
  return [...new Set([...(own ? [subnetOf(own)] : []), ...routesOf(network, family)])].sort();
}

const routesOf = ({ routes }: { readonly routes: readonly string[] }, family: 4 | 6): string[] =>
  [...new Set(routes.filter((route) => familyOf(route) === family))].sort();
