// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Database } from '../../schema/schema';
import { type Open_vSwitch, OPEN_VSWITCH_TABLE } from './open-vswitch.table';
import { type Bridge, BRIDGE_TABLE } from './bridge.table';
import { type Port, PORT_TABLE } from './port.table';
import { type Interface, INTERFACE_TABLE } from './interface.table';
import { type Flow_Table, FLOW_TABLE_TABLE } from './flow-table.table';
import { type QoS, QOS_TABLE } from './qos.table';
import { type Queue, QUEUE_TABLE } from './queue.table';
import { type Mirror, MIRROR_TABLE } from './mirror.table';
import { type NetFlow, NETFLOW_TABLE } from './netflow.table';
import { type sFlow, SFLOW_TABLE } from './sflow.table';
import { type IPFIX, IPFIX_TABLE } from './ipfix.table';
import { type Flow_Sample_Collector_Set, FLOW_SAMPLE_COLLECTOR_SET_TABLE } from './flow-sample-collector-set.table';
import { type Controller, CONTROLLER_TABLE } from './controller.table';
import { type Manager, MANAGER_TABLE } from './manager.table';
import { type Datapath, DATAPATH_TABLE } from './datapath.table';
import { type CT_Zone, CT_ZONE_TABLE } from './ct-zone.table';
import { type CT_Timeout_Policy, CT_TIMEOUT_POLICY_TABLE } from './ct-timeout-policy.table';
import { type SSL, SSL_TABLE } from './ssl.table';
import { type AutoAttach, AUTOATTACH_TABLE } from './autoattach.table';

export type {
  Open_vSwitch,
  Bridge,
  Port,
  Interface,
  Flow_Table,
  QoS,
  Queue,
  Mirror,
  NetFlow,
  sFlow,
  IPFIX,
  Flow_Sample_Collector_Set,
  Controller,
  Manager,
  Datapath,
  CT_Zone,
  CT_Timeout_Policy,
  SSL,
  AutoAttach,
};

/** The types of the rows by the name of their table. */
export interface OpenVSwitchTables {
  readonly Open_vSwitch: Open_vSwitch;
  readonly Bridge: Bridge;
  readonly Port: Port;
  readonly Interface: Interface;
  readonly Flow_Table: Flow_Table;
  readonly QoS: QoS;
  readonly Queue: Queue;
  readonly Mirror: Mirror;
  readonly NetFlow: NetFlow;
  readonly sFlow: sFlow;
  readonly IPFIX: IPFIX;
  readonly Flow_Sample_Collector_Set: Flow_Sample_Collector_Set;
  readonly Controller: Controller;
  readonly Manager: Manager;
  readonly Datapath: Datapath;
  readonly CT_Zone: CT_Zone;
  readonly CT_Timeout_Policy: CT_Timeout_Policy;
  readonly SSL: SSL;
  readonly AutoAttach: AutoAttach;
}

export const OPEN_VSWITCH: Database<OpenVSwitchTables> = {
  name: 'Open_vSwitch',
  version: '8.3.1',
  tables: {
    Open_vSwitch: OPEN_VSWITCH_TABLE,
    Bridge: BRIDGE_TABLE,
    Port: PORT_TABLE,
    Interface: INTERFACE_TABLE,
    Flow_Table: FLOW_TABLE_TABLE,
    QoS: QOS_TABLE,
    Queue: QUEUE_TABLE,
    Mirror: MIRROR_TABLE,
    NetFlow: NETFLOW_TABLE,
    sFlow: SFLOW_TABLE,
    IPFIX: IPFIX_TABLE,
    Flow_Sample_Collector_Set: FLOW_SAMPLE_COLLECTOR_SET_TABLE,
    Controller: CONTROLLER_TABLE,
    Manager: MANAGER_TABLE,
    Datapath: DATAPATH_TABLE,
    CT_Zone: CT_ZONE_TABLE,
    CT_Timeout_Policy: CT_TIMEOUT_POLICY_TABLE,
    SSL: SSL_TABLE,
    AutoAttach: AUTOATTACH_TABLE,
  },
};
