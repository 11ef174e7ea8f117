// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Address_Set {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
}

export const ADDRESS_SET_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    addresses: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
