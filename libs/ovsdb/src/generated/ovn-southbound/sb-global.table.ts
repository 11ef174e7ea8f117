// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; at most 1 row(s) */
export interface SB_Global {
  readonly nb_cfg: number;
  readonly external_ids: Readonly<Record<string, string>>;
  /** -> Connection (strong) */
  readonly connections: readonly Uuid[];
  /** -> SSL (strong) */
  readonly ssl: Uuid | null;
  readonly options: Readonly<Record<string, string>>;
  readonly ipsec: boolean;
}

export const SB_GLOBAL_TABLE: TableSchema = {
  columns: {
    nb_cfg: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    connections: { type: { key: { type: 'uuid', refTable: 'Connection', refType: 'strong' }, min: 0, max: Infinity } },
    ssl: { type: { key: { type: 'uuid', refTable: 'SSL', refType: 'strong' }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    ipsec: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
  },
  isRoot: true,
  maxRows: 1,
};
