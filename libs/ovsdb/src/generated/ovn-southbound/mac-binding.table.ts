// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: logical_port, ip */
export interface MAC_Binding {
  readonly logical_port: string;
  readonly ip: string;
  readonly mac: string;
  readonly timestamp: number;
  /** -> Datapath_Binding (strong) */
  readonly datapath: Uuid;
}

export const MAC_BINDING_TABLE: TableSchema = {
  columns: {
    logical_port: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    mac: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    timestamp: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    datapath: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' }, min: 1, max: 1 } },
  },
  isRoot: true,
  indexes: [['logical_port', 'ip']],
};
