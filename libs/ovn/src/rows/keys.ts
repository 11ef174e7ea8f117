/** Keys of the rows that rows of other owners refer to. */
import { ownerOf } from '../model';
import { type Link, type RowKey, rowKey } from './desired-row';
import type { LinkColumn, OwnedTable } from './owned-tables';

export const routerKey = (networkId: string): RowKey => rowKey('Logical_Router', ownerOf.network(networkId), 'router');
export const innerSwitchKey = (networkId: string): RowKey => rowKey('Logical_Switch', ownerOf.network(networkId), 'inner-switch');
export const outerSwitchKey = (networkId: string): RowKey => rowKey('Logical_Switch', ownerOf.network(networkId), 'outer-switch');
export const networkGroupKey = (networkId: string): RowKey => rowKey('Port_Group', ownerOf.network(networkId), 'network-ports');
export const chassisGroupKey = (networkId: string): RowKey => rowKey('HA_Chassis_Group', ownerOf.network(networkId), 'chassis-group');
export const dhcpKey = (networkId: string, family: 4 | 6): RowKey => rowKey('DHCP_Options', ownerOf.network(networkId), 'dhcp', String(family));
export const aclGroupKey = (aclId: string): RowKey => rowKey('Port_Group', ownerOf.acl(aclId), 'acl');

const link =
  (table: OwnedTable, column: LinkColumn) =>
  (parent: RowKey): Link => ({ table, parent, column });

/** Where a row belongs: "a port of that switch". */
export const linkTo = {
  routerPort: (networkId: string) => link('Logical_Router', 'ports')(routerKey(networkId)),
  staticRoute: (networkId: string) => link('Logical_Router', 'static_routes')(routerKey(networkId)),
  policy: (networkId: string) => link('Logical_Router', 'policies')(routerKey(networkId)),
  nat: (networkId: string) => link('Logical_Router', 'nat')(routerKey(networkId)),
  routerLoadBalancer: (networkId: string) => link('Logical_Router', 'load_balancer')(routerKey(networkId)),
  switchLoadBalancer: (networkId: string) => link('Logical_Switch', 'load_balancer')(innerSwitchKey(networkId)),
  innerPort: (networkId: string) => link('Logical_Switch', 'ports')(innerSwitchKey(networkId)),
  outerPort: (networkId: string) => link('Logical_Switch', 'ports')(outerSwitchKey(networkId)),
  switchAcl: (networkId: string) => link('Logical_Switch', 'acls')(innerSwitchKey(networkId)),
  qos: (networkId: string) => link('Logical_Switch', 'qos_rules')(innerSwitchKey(networkId)),
  dns: (networkId: string) => link('Logical_Switch', 'dns_records')(innerSwitchKey(networkId)),
  member: link('Port_Group', 'ports'),
  groupAcl: link('Port_Group', 'acls'),
  chassis: (networkId: string) => link('HA_Chassis_Group', 'ha_chassis')(chassisGroupKey(networkId)),
} as const;
