// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface RBAC_Role {
  readonly name: string;
  /** -> RBAC_Permission (weak) */
  readonly permissions: Readonly<Record<string, Uuid>>;
}

export const RBAC_ROLE_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    permissions: { type: { key: { type: 'string' }, value: { type: 'uuid', refTable: 'RBAC_Permission', refType: 'weak' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
