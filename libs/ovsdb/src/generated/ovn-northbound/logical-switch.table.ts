// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface Logical_Switch {
  readonly name: string;
  /** -> Logical_Switch_Port (strong) */
  readonly ports: readonly Uuid[];
  /** -> ACL (strong) */
  readonly acls: readonly Uuid[];
  /** -> QoS (strong) */
  readonly qos_rules: readonly Uuid[];
  /** -> Load_Balancer (weak) */
  readonly load_balancer: readonly Uuid[];
  /** -> Load_Balancer_Group (strong) */
  readonly load_balancer_group: readonly Uuid[];
  /** -> DNS (weak) */
  readonly dns_records: readonly Uuid[];
  /** -> Copp (weak) */
  readonly copp: Uuid | null;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
  /** -> Forwarding_Group (strong) */
  readonly forwarding_groups: readonly Uuid[];
}

export const LOGICAL_SWITCH_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ports: { type: { key: { type: 'uuid', refTable: 'Logical_Switch_Port', refType: 'strong' }, min: 0, max: Infinity } },
    acls: { type: { key: { type: 'uuid', refTable: 'ACL', refType: 'strong' }, min: 0, max: Infinity } },
    qos_rules: { type: { key: { type: 'uuid', refTable: 'QoS', refType: 'strong' }, min: 0, max: Infinity } },
    load_balancer: { type: { key: { type: 'uuid', refTable: 'Load_Balancer', refType: 'weak' }, min: 0, max: Infinity } },
    load_balancer_group: { type: { key: { type: 'uuid', refTable: 'Load_Balancer_Group', refType: 'strong' }, min: 0, max: Infinity } },
    dns_records: { type: { key: { type: 'uuid', refTable: 'DNS', refType: 'weak' }, min: 0, max: Infinity } },
    copp: { type: { key: { type: 'uuid', refTable: 'Copp', refType: 'weak' }, min: 0, max: 1 } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    forwarding_groups: { type: { key: { type: 'uuid', refTable: 'Forwarding_Group', refType: 'strong' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
