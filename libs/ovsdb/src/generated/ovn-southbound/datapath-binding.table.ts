// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: tunnel_key */
export interface Datapath_Binding {
  /** 1..16777215 */
  readonly tunnel_key: number;
  readonly load_balancers: readonly Uuid[];
  readonly external_ids: Readonly<Record<string, string>>;
}

export const DATAPATH_BINDING_TABLE: TableSchema = {
  columns: {
    tunnel_key: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 16777215 }, min: 1, max: 1 } },
    load_balancers: { type: { key: { type: 'uuid' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['tunnel_key']],
};
