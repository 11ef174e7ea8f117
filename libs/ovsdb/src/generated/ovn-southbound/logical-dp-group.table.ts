// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Logical_DP_Group {
  /** -> Datapath_Binding (weak) */
  readonly datapaths: readonly Uuid[];
}

export const LOGICAL_DP_GROUP_TABLE: TableSchema = {
  columns: { datapaths: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'weak' }, min: 0, max: Infinity } } },
};
