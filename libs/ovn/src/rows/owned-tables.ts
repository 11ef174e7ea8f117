/** The tables of the northbound database in which Weft owns rows, and how their rows hang together. */
export const OWNED_TABLES = [
  'Logical_Router',
  'Logical_Router_Port',
  'Logical_Router_Static_Route',
  'Logical_Router_Policy',
  'NAT',
  'Logical_Switch',
  'Logical_Switch_Port',
  'QoS',
  'ACL',
  'Port_Group',
  'Address_Set',
  'DHCP_Options',
  'DNS',
  'Load_Balancer',
  'HA_Chassis_Group',
  'HA_Chassis',
] as const;
export type OwnedTable = (typeof OWNED_TABLES)[number];

/**
 * Sets of references that are never written whole: each element is there because its own row asks for it (`Link`). So a port can
 * come and go without its switch's other ports, and what others put there stays.
 */
const LINKS = {
  Logical_Router: ['ports', 'static_routes', 'policies', 'nat', 'load_balancer'],
  Logical_Switch: ['ports', 'acls', 'qos_rules', 'load_balancer', 'dns_records'],
  Port_Group: ['ports', 'acls'],
  HA_Chassis_Group: ['ha_chassis'],
} as const;
export type LinkColumn = (typeof LINKS)[keyof typeof LINKS][number];

const NO_LINKS: readonly LinkColumn[] = [];
export const linkColumns = (table: string): readonly LinkColumn[] => (Object.hasOwn(LINKS, table) ? LINKS[table as keyof typeof LINKS] : NO_LINKS);

/** Columns that OVN or the hosts write. */
const FOREIGN_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  Logical_Switch_Port: ['up', 'dynamic_addresses', 'tag'],
  Logical_Router_Port: ['ipv6_prefix'],
};
export const isForeignColumn = (table: string, column: string): boolean => FOREIGN_COLUMNS[table]?.includes(column) ?? false;

/** Tables whose rows have a name of ours that no other row has; a row with it is ours even when its owner ids are gone. */
const NAMED = [
  'Logical_Router',
  'Logical_Router_Port',
  'Logical_Switch',
  'Logical_Switch_Port',
  'Port_Group',
  'Address_Set',
  'Load_Balancer',
  'HA_Chassis_Group',
];
export const isNamed = (table: string): boolean => NAMED.includes(table);
