// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: name */
export interface Logical_Switch_Port {
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
  readonly parent_name: string | null;
  /** 0..4095 */
  readonly tag_request: number | null;
  /** 1..4095 */
  readonly tag: number | null;
  readonly addresses: readonly string[];
  readonly dynamic_addresses: string | null;
  readonly port_security: readonly string[];
  readonly up: boolean | null;
  readonly enabled: boolean | null;
  /** -> DHCP_Options (weak) */
  readonly dhcpv4_options: Uuid | null;
  /** -> DHCP_Options (weak) */
  readonly dhcpv6_options: Uuid | null;
  /** -> Mirror (weak) */
  readonly mirror_rules: readonly Uuid[];
  /** -> HA_Chassis_Group (strong) */
  readonly ha_chassis_group: Uuid | null;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOGICAL_SWITCH_PORT_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    type: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    parent_name: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    tag_request: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 1 } },
    tag: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 4095 }, min: 0, max: 1 } },
    addresses: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    dynamic_addresses: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    port_security: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    up: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    enabled: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    dhcpv4_options: { type: { key: { type: 'uuid', refTable: 'DHCP_Options', refType: 'weak' }, min: 0, max: 1 } },
    dhcpv6_options: { type: { key: { type: 'uuid', refTable: 'DHCP_Options', refType: 'weak' }, min: 0, max: 1 } },
    mirror_rules: { type: { key: { type: 'uuid', refTable: 'Mirror', refType: 'weak' }, min: 0, max: Infinity } },
    ha_chassis_group: { type: { key: { type: 'uuid', refTable: 'HA_Chassis_Group', refType: 'strong' }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  indexes: [['name']],
};
