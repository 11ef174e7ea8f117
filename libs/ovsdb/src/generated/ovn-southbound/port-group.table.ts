// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Port_Group {
  readonly name: string;
  readonly ports: readonly string[];
}

export const PORT_GROUP_TABLE: TableSchema = {
  columns: { name: { type: { key: { type: 'string' }, min: 1, max: 1 } }, ports: { type: { key: { type: 'string' }, min: 0, max: Infinity } } },
  isRoot: true,
  indexes: [['name']],
};
