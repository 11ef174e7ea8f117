// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: datapath, tunnel_key; unique: datapath, name */
export interface Multicast_Group {
  /** -> Datapath_Binding (strong) */
  readonly datapath: Uuid;
  readonly name: string;
  /** 32768..65535 */
  readonly tunnel_key: number;
  /** -> Port_Binding (weak) */
  readonly ports: readonly Uuid[];
}

export const MULTICAST_GROUP_TABLE: TableSchema = {
  columns: {
    datapath: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' }, min: 1, max: 1 } },
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    tunnel_key: { type: { key: { type: 'integer', minInteger: 32768, maxInteger: 65535 }, min: 1, max: 1 } },
    ports: { type: { key: { type: 'uuid', refTable: 'Port_Binding', refType: 'weak' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [
    ['datapath', 'tunnel_key'],
    ['datapath', 'name'],
  ],
};
