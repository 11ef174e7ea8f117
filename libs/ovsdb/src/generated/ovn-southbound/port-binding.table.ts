// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: datapath, tunnel_key; unique: logical_port */
export interface Port_Binding {
  readonly logical_port: string;
  readonly type: string;
  /** -> Gateway_Chassis (strong) */
  readonly gateway_chassis: readonly Uuid[];
  /** -> HA_Chassis_Group (strong) */
  readonly ha_chassis_group: Uuid | null;
  readonly options: Readonly<Record<string, string>>;
  /** -> Datapath_Binding (strong) */
  readonly datapath: Uuid;
  /** 1..32767 */
  readonly tunnel_key: number;
  readonly parent_port: string | null;
  /** 1..4095 */
  readonly tag: number | null;
  readonly virtual_parent: string | null;
  /** -> Chassis (weak) */
  readonly chassis: Uuid | null;
  /** -> Chassis (weak) */
  readonly additional_chassis: readonly Uuid[];
  /** -> Encap (weak) */
  readonly encap: Uuid | null;
  /** -> Encap (weak) */
  readonly additional_encap: readonly Uuid[];
  /** -> Mirror (weak) */
  readonly mirror_rules: readonly Uuid[];
  readonly mac: readonly string[];
  readonly port_security: readonly string[];
  readonly nat_addresses: readonly string[];
  readonly up: boolean | null;
  readonly external_ids: Readonly<Record<string, string>>;
  /** -> Chassis (weak) */
  readonly requested_chassis: Uuid | null;
  /** -> Chassis (weak) */
  readonly requested_additional_chassis: readonly Uuid[];
}

export const PORT_BINDING_TABLE: TableSchema = {
  columns: {
    logical_port: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    type: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    gateway_chassis: { type: { key: { type: 'uuid', refTable: 'Gateway_Chassis', refType: 'strong' }, min: 0, max: Infinity } },
    ha_chassis_group: { type: { key: { type: 'uuid', refTable: 'HA_Chassis_Group', refType: 'strong' }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    datapath: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' }, min: 1, max: 1 } },
    tunnel_key: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 32767 }, min: 1, max: 1 } },
    parent_port: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    tag: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 4095 }, min: 0, max: 1 } },
    virtual_parent: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: 1 } },
    additional_chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: Infinity } },
    encap: { type: { key: { type: 'uuid', refTable: 'Encap', refType: 'weak' }, min: 0, max: 1 } },
    additional_encap: { type: { key: { type: 'uuid', refTable: 'Encap', refType: 'weak' }, min: 0, max: Infinity } },
    mirror_rules: { type: { key: { type: 'uuid', refTable: 'Mirror', refType: 'weak' }, min: 0, max: Infinity } },
    mac: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    port_security: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    nat_addresses: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    up: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    requested_chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: 1 } },
    requested_additional_chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['datapath', 'tunnel_key'], ['logical_port']],
};
