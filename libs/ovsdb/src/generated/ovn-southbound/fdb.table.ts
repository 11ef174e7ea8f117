// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: mac, dp_key */
export interface FDB {
  readonly mac: string;
  /** 1..16777215 */
  readonly dp_key: number;
  /** 1..16777215 */
  readonly port_key: number;
}

export const FDB_TABLE: TableSchema = {
  columns: {
    mac: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    dp_key: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 16777215 }, min: 1, max: 1 } },
    port_key: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 16777215 }, min: 1, max: 1 } },
  },
  isRoot: true,
  indexes: [['mac', 'dp_key']],
};
