// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Meter {
  readonly name: string;
  readonly unit: 'kbps' | 'pktps';
  /** -> Meter_Band (strong); at least 1 */
  readonly bands: readonly Uuid[];
  readonly fair: boolean | null;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const METER_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    unit: { type: { key: { type: 'string', enum: ['kbps', 'pktps'] }, min: 1, max: 1 } },
    bands: { type: { key: { type: 'uuid', refTable: 'Meter_Band', refType: 'strong' }, min: 1, max: Infinity } },
    fair: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
