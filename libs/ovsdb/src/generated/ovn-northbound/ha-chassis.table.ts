// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface HA_Chassis {
  readonly chassis_name: string;
  /** 0..32767 */
  readonly priority: number;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const HA_CHASSIS_TABLE: TableSchema = {
  columns: {
    chassis_name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    priority: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 32767 }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
