// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Meter {
  readonly name: string;
  readonly unit: 'kbps' | 'pktps';
  /** -> Meter_Band (strong); at least 1 */
  readonly bands: readonly Uuid[];
}

export const METER_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    unit: { type: { key: { type: 'string', enum: ['kbps', 'pktps'] }, min: 1, max: 1 } },
    bands: { type: { key: { type: 'uuid', refTable: 'Meter_Band', refType: 'strong' }, min: 1, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
