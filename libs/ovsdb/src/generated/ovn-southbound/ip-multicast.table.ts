// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: datapath */
export interface IP_Multicast {
  /** -> Datapath_Binding (weak) */
  readonly datapath: Uuid;
  readonly enabled: boolean | null;
  readonly querier: boolean | null;
  readonly eth_src: string;
  readonly ip4_src: string;
  readonly ip6_src: string;
  readonly table_size: number | null;
  readonly idle_timeout: number | null;
  readonly query_interval: number | null;
  readonly query_max_resp: number | null;
  readonly seq_no: number;
}

export const IP_MULTICAST_TABLE: TableSchema = {
  columns: {
    datapath: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'weak' }, min: 1, max: 1 } },
    enabled: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    querier: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    eth_src: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ip4_src: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ip6_src: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    table_size: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    idle_timeout: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    query_interval: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    query_max_resp: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    seq_no: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
  },
  isRoot: true,
  indexes: [['datapath']],
};
