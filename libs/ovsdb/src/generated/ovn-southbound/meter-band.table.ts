// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Meter_Band {
  readonly action: 'drop';
  /** 1..4294967295 */
  readonly rate: number;
  /** 0..4294967295 */
  readonly burst_size: number;
}

export const METER_BAND_TABLE: TableSchema = {
  columns: {
    action: { type: { key: { type: 'string', enum: ['drop'] }, min: 1, max: 1 } },
    rate: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 4294967295 }, min: 1, max: 1 } },
    burst_size: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 1, max: 1 } },
  },
};
