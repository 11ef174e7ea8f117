// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Load_Balancer_Group {
  readonly name: string;
  /** -> Load_Balancer (weak) */
  readonly load_balancer: readonly Uuid[];
}

export const LOAD_BALANCER_GROUP_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    load_balancer: { type: { key: { type: 'uuid', refTable: 'Load_Balancer', refType: 'weak' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
