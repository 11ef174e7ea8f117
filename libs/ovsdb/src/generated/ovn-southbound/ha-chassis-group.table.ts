// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface HA_Chassis_Group {
  readonly name: string;
  /** -> HA_Chassis (strong) */
  readonly ha_chassis: readonly Uuid[];
  /** -> Chassis (weak) */
  readonly ref_chassis: readonly Uuid[];
  readonly external_ids: Readonly<Record<string, string>>;
}

export const HA_CHASSIS_GROUP_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ha_chassis: { type: { key: { type: 'uuid', refTable: 'HA_Chassis', refType: 'strong' }, min: 0, max: Infinity } },
    ref_chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
