// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface AutoAttach {
  readonly system_name: string;
  readonly system_description: string;
  /** keys 0..16777215; 0..4095 */
  readonly mappings: Readonly<Record<string, number>>;
}

export const AUTOATTACH_TABLE: TableSchema = {
  columns: {
    system_name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    system_description: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    mappings: {
      type: {
        key: { type: 'integer', minInteger: 0, maxInteger: 16777215 },
        value: { type: 'integer', minInteger: 0, maxInteger: 4095 },
        min: 0,
        max: Infinity,
      },
    },
  },
};
