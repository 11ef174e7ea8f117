// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Address_Set {
  readonly name: string;
  readonly addresses: readonly string[];
}

export const ADDRESS_SET_TABLE: TableSchema = {
  columns: { name: { type: { key: { type: 'string' }, min: 1, max: 1 } }, addresses: { type: { key: { type: 'string' }, min: 0, max: Infinity } } },
  isRoot: true,
  indexes: [['name']],
};
