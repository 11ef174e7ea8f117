// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Database } from '../../schema/schema';
import { type NB_Global, NB_GLOBAL_TABLE } from './nb-global.table';
import { type Copp, COPP_TABLE } from './copp.table';
import { type Logical_Switch, LOGICAL_SWITCH_TABLE } from './logical-switch.table';
import { type Logical_Switch_Port, LOGICAL_SWITCH_PORT_TABLE } from './logical-switch-port.table';
import { type Forwarding_Group, FORWARDING_GROUP_TABLE } from './forwarding-group.table';
import { type Address_Set, ADDRESS_SET_TABLE } from './address-set.table';
import { type Port_Group, PORT_GROUP_TABLE } from './port-group.table';
import { type Load_Balancer, LOAD_BALANCER_TABLE } from './load-balancer.table';
import { type Load_Balancer_Group, LOAD_BALANCER_GROUP_TABLE } from './load-balancer-group.table';
import { type Load_Balancer_Health_Check, LOAD_BALANCER_HEALTH_CHECK_TABLE } from './load-balancer-health-check.table';
import { type ACL, ACL_TABLE } from './acl.table';
import { type QoS, QOS_TABLE } from './qos.table';
import { type Mirror, MIRROR_TABLE } from './mirror.table';
import { type Meter, METER_TABLE } from './meter.table';
import { type Meter_Band, METER_BAND_TABLE } from './meter-band.table';
import { type Logical_Router, LOGICAL_ROUTER_TABLE } from './logical-router.table';
import { type Logical_Router_Port, LOGICAL_ROUTER_PORT_TABLE } from './logical-router-port.table';
import { type Logical_Router_Static_Route, LOGICAL_ROUTER_STATIC_ROUTE_TABLE } from './logical-router-static-route.table';
import { type Logical_Router_Policy, LOGICAL_ROUTER_POLICY_TABLE } from './logical-router-policy.table';
import { type NAT, NAT_TABLE } from './nat.table';
import { type DHCP_Options, DHCP_OPTIONS_TABLE } from './dhcp-options.table';
import { type Connection, CONNECTION_TABLE } from './connection.table';
import { type DNS, DNS_TABLE } from './dns.table';
import { type SSL, SSL_TABLE } from './ssl.table';
import { type Gateway_Chassis, GATEWAY_CHASSIS_TABLE } from './gateway-chassis.table';
import { type HA_Chassis, HA_CHASSIS_TABLE } from './ha-chassis.table';
import { type HA_Chassis_Group, HA_CHASSIS_GROUP_TABLE } from './ha-chassis-group.table';
import { type BFD, BFD_TABLE } from './bfd.table';
import { type Static_MAC_Binding, STATIC_MAC_BINDING_TABLE } from './static-mac-binding.table';
import { type Chassis_Template_Var, CHASSIS_TEMPLATE_VAR_TABLE } from './chassis-template-var.table';

export type {
  NB_Global,
  Copp,
  Logical_Switch,
  Logical_Switch_Port,
  Forwarding_Group,
  Address_Set,
  Port_Group,
  Load_Balancer,
  Load_Balancer_Group,
  Load_Balancer_Health_Check,
  ACL,
  QoS,
  Mirror,
  Meter,
  Meter_Band,
  Logical_Router,
  Logical_Router_Port,
  Logical_Router_Static_Route,
  Logical_Router_Policy,
  NAT,
  DHCP_Options,
  Connection,
  DNS,
  SSL,
  Gateway_Chassis,
  HA_Chassis,
  HA_Chassis_Group,
  BFD,
  Static_MAC_Binding,
  Chassis_Template_Var,
};

/** The types of the rows by the name of their table. */
export interface OvnNorthboundTables {
  readonly NB_Global: NB_Global;
  readonly Copp: Copp;
  readonly Logical_Switch: Logical_Switch;
  readonly Logical_Switch_Port: Logical_Switch_Port;
  readonly Forwarding_Group: Forwarding_Group;
  readonly Address_Set: Address_Set;
  readonly Port_Group: Port_Group;
  readonly Load_Balancer: Load_Balancer;
  readonly Load_Balancer_Group: Load_Balancer_Group;
  readonly Load_Balancer_Health_Check: Load_Balancer_Health_Check;
  readonly ACL: ACL;
  readonly QoS: QoS;
  readonly Mirror: Mirror;
  readonly Meter: Meter;
  readonly Meter_Band: Meter_Band;
  readonly Logical_Router: Logical_Router;
  readonly Logical_Router_Port: Logical_Router_Port;
  readonly Logical_Router_Static_Route: Logical_Router_Static_Route;
  readonly Logical_Router_Policy: Logical_Router_Policy;
  readonly NAT: NAT;
  readonly DHCP_Options: DHCP_Options;
  readonly Connection: Connection;
  readonly DNS: DNS;
  readonly SSL: SSL;
  readonly Gateway_Chassis: Gateway_Chassis;
  readonly HA_Chassis: HA_Chassis;
  readonly HA_Chassis_Group: HA_Chassis_Group;
  readonly BFD: BFD;
  readonly Static_MAC_Binding: Static_MAC_Binding;
  readonly Chassis_Template_Var: Chassis_Template_Var;
}

export const OVN_NORTHBOUND: Database<OvnNorthboundTables> = {
  name: 'OVN_Northbound',
  version: '7.0.0',
  tables: {
    NB_Global: NB_GLOBAL_TABLE,
    Copp: COPP_TABLE,
    Logical_Switch: LOGICAL_SWITCH_TABLE,
    Logical_Switch_Port: LOGICAL_SWITCH_PORT_TABLE,
    Forwarding_Group: FORWARDING_GROUP_TABLE,
    Address_Set: ADDRESS_SET_TABLE,
    Port_Group: PORT_GROUP_TABLE,
    Load_Balancer: LOAD_BALANCER_TABLE,
    Load_Balancer_Group: LOAD_BALANCER_GROUP_TABLE,
    Load_Balancer_Health_Check: LOAD_BALANCER_HEALTH_CHECK_TABLE,
    ACL: ACL_TABLE,
    QoS: QOS_TABLE,
    Mirror: MIRROR_TABLE,
    Meter: METER_TABLE,
    Meter_Band: METER_BAND_TABLE,
    Logical_Router: LOGICAL_ROUTER_TABLE,
    Logical_Router_Port: LOGICAL_ROUTER_PORT_TABLE,
    Logical_Router_Static_Route: LOGICAL_ROUTER_STATIC_ROUTE_TABLE,
    Logical_Router_Policy: LOGICAL_ROUTER_POLICY_TABLE,
    NAT: NAT_TABLE,
    DHCP_Options: DHCP_OPTIONS_TABLE,
    Connection: CONNECTION_TABLE,
    DNS: DNS_TABLE,
    SSL: SSL_TABLE,
    Gateway_Chassis: GATEWAY_CHASSIS_TABLE,
    HA_Chassis: HA_CHASSIS_TABLE,
    HA_Chassis_Group: HA_CHASSIS_GROUP_TABLE,
    BFD: BFD_TABLE,
    Static_MAC_Binding: STATIC_MAC_BINDING_TABLE,
    Chassis_Template_Var: CHASSIS_TEMPLATE_VAR_TABLE,
  },
};
