// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Port_Group {
  readonly name: string;
  /** -> Logical_Switch_Port (weak) */
  readonly ports: readonly Uuid[];
  /** -> ACL (strong) */
  readonly acls: readonly Uuid[];
  readonly external_ids: Readonly<Record<string, string>>;
}

export const PORT_GROUP_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ports: { type: { key: { type: 'uuid', refTable: 'Logical_Switch_Port', refType: 'weak' }, min: 0, max: Infinity } },
    acls: { type: { key: { type: 'uuid', refTable: 'ACL', refType: 'strong' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
