// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Database } from '../../schema/schema';
import { type SB_Global, SB_GLOBAL_TABLE } from './sb-global.table';
import { type Chassis, CHASSIS_TABLE } from './chassis.table';
import { type Chassis_Private, CHASSIS_PRIVATE_TABLE } from './chassis-private.table';
import { type Encap, ENCAP_TABLE } from './encap.table';
import { type Address_Set, ADDRESS_SET_TABLE } from './address-set.table';
import { type Port_Group, PORT_GROUP_TABLE } from './port-group.table';
import { type Logical_Flow, LOGICAL_FLOW_TABLE } from './logical-flow.table';
import { type Logical_DP_Group, LOGICAL_DP_GROUP_TABLE } from './logical-dp-group.table';
import { type Multicast_Group, MULTICAST_GROUP_TABLE } from './multicast-group.table';
import { type Mirror, MIRROR_TABLE } from './mirror.table';
import { type Meter, METER_TABLE } from './meter.table';
import { type Meter_Band, METER_BAND_TABLE } from './meter-band.table';
import { type Datapath_Binding, DATAPATH_BINDING_TABLE } from './datapath-binding.table';
import { type Port_Binding, PORT_BINDING_TABLE } from './port-binding.table';
import { type MAC_Binding, MAC_BINDING_TABLE } from './mac-binding.table';
import { type DHCP_Options, DHCP_OPTIONS_TABLE } from './dhcp-options.table';
import { type DHCPv6_Options, DHCPV6_OPTIONS_TABLE } from './dhcpv6-options.table';
import { type Connection, CONNECTION_TABLE } from './connection.table';
import { type SSL, SSL_TABLE } from './ssl.table';
import { type DNS, DNS_TABLE } from './dns.table';
import { type RBAC_Role, RBAC_ROLE_TABLE } from './rbac-role.table';
import { type RBAC_Permission, RBAC_PERMISSION_TABLE } from './rbac-permission.table';
import { type Gateway_Chassis, GATEWAY_CHASSIS_TABLE } from './gateway-chassis.table';
import { type HA_Chassis, HA_CHASSIS_TABLE } from './ha-chassis.table';
import { type HA_Chassis_Group, HA_CHASSIS_GROUP_TABLE } from './ha-chassis-group.table';
import { type Controller_Event, CONTROLLER_EVENT_TABLE } from './controller-event.table';
import { type IP_Multicast, IP_MULTICAST_TABLE } from './ip-multicast.table';
import { type IGMP_Group, IGMP_GROUP_TABLE } from './igmp-group.table';
import { type Service_Monitor, SERVICE_MONITOR_TABLE } from './service-monitor.table';
import { type Load_Balancer, LOAD_BALANCER_TABLE } from './load-balancer.table';
import { type BFD, BFD_TABLE } from './bfd.table';
import { type FDB, FDB_TABLE } from './fdb.table';
import { type Static_MAC_Binding, STATIC_MAC_BINDING_TABLE } from './static-mac-binding.table';
import { type Chassis_Template_Var, CHASSIS_TEMPLATE_VAR_TABLE } from './chassis-template-var.table';

export type {
  SB_Global,
  Chassis,
  Chassis_Private,
  Encap,
  Address_Set,
  Port_Group,
  Logical_Flow,
  Logical_DP_Group,
  Multicast_Group,
  Mirror,
  Meter,
  Meter_Band,
  Datapath_Binding,
  Port_Binding,
  MAC_Binding,
  DHCP_Options,
  DHCPv6_Options,
  Connection,
  SSL,
  DNS,
  RBAC_Role,
  RBAC_Permission,
  Gateway_Chassis,
  HA_Chassis,
  HA_Chassis_Group,
  Controller_Event,
  IP_Multicast,
  IGMP_Group,
  Service_Monitor,
  Load_Balancer,
  BFD,
  FDB,
  Static_MAC_Binding,
  Chassis_Template_Var,
};

/** The types of the rows by the name of their table. */
export interface OvnSouthboundTables {
  readonly SB_Global: SB_Global;
  readonly Chassis: Chassis;
  readonly Chassis_Private: Chassis_Private;
  readonly Encap: Encap;
  readonly Address_Set: Address_Set;
  readonly Port_Group: Port_Group;
  readonly Logical_Flow: Logical_Flow;
  readonly Logical_DP_Group: Logical_DP_Group;
  readonly Multicast_Group: Multicast_Group;
  readonly Mirror: Mirror;
  readonly Meter: Meter;
  readonly Meter_Band: Meter_Band;
  readonly Datapath_Binding: Datapath_Binding;
  readonly Port_Binding: Port_Binding;
  readonly MAC_Binding: MAC_Binding;
  readonly DHCP_Options: DHCP_Options;
  readonly DHCPv6_Options: DHCPv6_Options;
  readonly Connection: Connection;
  readonly SSL: SSL;
  readonly DNS: DNS;
  readonly RBAC_Role: RBAC_Role;
  readonly RBAC_Permission: RBAC_Permission;
  readonly Gateway_Chassis: Gateway_Chassis;
  readonly HA_Chassis: HA_Chassis;
  readonly HA_Chassis_Group: HA_Chassis_Group;
  readonly Controller_Event: Controller_Event;
  readonly IP_Multicast: IP_Multicast;
  readonly IGMP_Group: IGMP_Group;
  readonly Service_Monitor: Service_Monitor;
  readonly Load_Balancer: Load_Balancer;
  readonly BFD: BFD;
  readonly FDB: FDB;
  readonly Static_MAC_Binding: Static_MAC_Binding;
  readonly Chassis_Template_Var: Chassis_Template_Var;
}

export const OVN_SOUTHBOUND: Database<OvnSouthboundTables> = {
  name: 'OVN_Southbound',
  version: '20.27.0',
  tables: {
    SB_Global: SB_GLOBAL_TABLE,
    Chassis: CHASSIS_TABLE,
    Chassis_Private: CHASSIS_PRIVATE_TABLE,
    Encap: ENCAP_TABLE,
    Address_Set: ADDRESS_SET_TABLE,
    Port_Group: PORT_GROUP_TABLE,
    Logical_Flow: LOGICAL_FLOW_TABLE,
    Logical_DP_Group: LOGICAL_DP_GROUP_TABLE,
    Multicast_Group: MULTICAST_GROUP_TABLE,
    Mirror: MIRROR_TABLE,
    Meter: METER_TABLE,
    Meter_Band: METER_BAND_TABLE,
    Datapath_Binding: DATAPATH_BINDING_TABLE,
    Port_Binding: PORT_BINDING_TABLE,
    MAC_Binding: MAC_BINDING_TABLE,
    DHCP_Options: DHCP_OPTIONS_TABLE,
    DHCPv6_Options: DHCPV6_OPTIONS_TABLE,
    Connection: CONNECTION_TABLE,
    SSL: SSL_TABLE,
    DNS: DNS_TABLE,
    RBAC_Role: RBAC_ROLE_TABLE,
    RBAC_Permission: RBAC_PERMISSION_TABLE,
    Gateway_Chassis: GATEWAY_CHASSIS_TABLE,
    HA_Chassis: HA_CHASSIS_TABLE,
    HA_Chassis_Group: HA_CHASSIS_GROUP_TABLE,
    Controller_Event: CONTROLLER_EVENT_TABLE,
    IP_Multicast: IP_MULTICAST_TABLE,
    IGMP_Group: IGMP_GROUP_TABLE,
    Service_Monitor: SERVICE_MONITOR_TABLE,
    Load_Balancer: LOAD_BALANCER_TABLE,
    BFD: BFD_TABLE,
    FDB: FDB_TABLE,
    Static_MAC_Binding: STATIC_MAC_BINDING_TABLE,
    Chassis_Template_Var: CHASSIS_TEMPLATE_VAR_TABLE,
  },
};
