// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Meter_Band {
  readonly action: 'drop';
  /** 1..4294967295 */
  readonly rate: number;
  /** 0..4294967295 */
  readonly burst_size: number;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const METER_BAND_TABLE: TableSchema = {
  columns: {
    action: { type: { key: { type: 'string', enum: ['drop'] }, min: 1, max: 1 } },
    rate: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 4294967295 }, min: 1, max: 1 } },
    burst_size: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
