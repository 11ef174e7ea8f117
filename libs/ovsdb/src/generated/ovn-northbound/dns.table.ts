// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface DNS {
  readonly records: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const DNS_TABLE: TableSchema = {
  columns: {
    records: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
