// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface DNS {
  readonly records: Readonly<Record<string, string>>;
  /** -> Datapath_Binding (strong); at least 1 */
  readonly datapaths: readonly Uuid[];
  readonly external_ids: Readonly<Record<string, string>>;
}

export const DNS_TABLE: TableSchema = {
  columns: {
    records: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    datapaths: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' }, min: 1, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
