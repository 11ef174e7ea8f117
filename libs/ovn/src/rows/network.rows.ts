import { type DesiredNetwork, ownerOf } from '../model';
import { addressSetRows } from './address-set.rows';
import { baselineAclRows } from './baseline-acl.rows';
import { chassisGroupRows } from './chassis-group.rows';
import { type DesiredRow, rowMaker } from './desired-row';
import { dhcpRows } from './dhcp.rows';
import { networkNames } from './names';
import { networkNatRows } from './nat.rows';
import { sourcePolicyRows } from './policy.rows';
import { resolverRows } from './resolver.rows';
import { routerRows } from './router.rows';
import { switchRows } from './switch.rows';

/** All rows of a network by itself. */
export function networkRows(network: DesiredNetwork): DesiredRow[] {
  const make = rowMaker(ownerOf.network(network.id), network.version);
  return [
    ...routerRows(make, network),
    ...chassisGroupRows(make, network),
    ...switchRows(make, network),
    ...resolverRows(make, network),
    ...networkNatRows(make, network),
    ...sourcePolicyRows(make, network),
    ...addressSetRows(make, network),
    ...dhcpRows(make, network),
    ...baselineAclRows(make, network),
    make('Port_Group', 'network-ports', { name: networkNames(network.number).portGroup }),
  ];
}
