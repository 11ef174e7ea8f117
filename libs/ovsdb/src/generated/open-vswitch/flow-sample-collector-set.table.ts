// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: id, bridge */
export interface Flow_Sample_Collector_Set {
  /** 0..4294967295 */
  readonly id: number;
  /** -> Bridge (strong) */
  readonly bridge: Uuid;
  /** -> IPFIX (strong) */
  readonly ipfix: Uuid | null;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const FLOW_SAMPLE_COLLECTOR_SET_TABLE: TableSchema = {
  columns: {
    id: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 1, max: 1 } },
    bridge: { type: { key: { type: 'uuid', refTable: 'Bridge', refType: 'strong' }, min: 1, max: 1 } },
    ipfix: { type: { key: { type: 'uuid', refTable: 'IPFIX', refType: 'strong' }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['id', 'bridge']],
};
