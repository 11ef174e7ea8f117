// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: address, datapath, chassis */
export interface IGMP_Group {
  readonly address: string;
  /** -> Datapath_Binding (weak) */
  readonly datapath: Uuid | null;
  /** -> Chassis (weak) */
  readonly chassis: Uuid | null;
  /** -> Port_Binding (weak) */
  readonly ports: readonly Uuid[];
}

export const IGMP_GROUP_TABLE: TableSchema = {
  columns: {
    address: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    datapath: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'weak' }, min: 0, max: 1 } },
    chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: 1 } },
    ports: { type: { key: { type: 'uuid', refTable: 'Port_Binding', refType: 'weak' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['address', 'datapath', 'chassis']],
};
