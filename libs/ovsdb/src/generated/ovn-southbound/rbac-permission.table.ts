// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface RBAC_Permission {
  readonly table: string;
  readonly authorization: readonly string[];
  readonly insert_delete: boolean;
  readonly update: readonly string[];
}

export const RBAC_PERMISSION_TABLE: TableSchema = {
  columns: {
    table: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    authorization: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    insert_delete: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    update: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
