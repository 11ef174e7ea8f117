// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface NetFlow {
  /** at least 1 */
  readonly targets: readonly string[];
  /** 0..255 */
  readonly engine_type: number | null;
  /** 0..255 */
  readonly engine_id: number | null;
  readonly add_id_to_interface: boolean;
  /** -1.. */
  readonly active_timeout: number;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const NETFLOW_TABLE: TableSchema = {
  columns: {
    targets: { type: { key: { type: 'string' }, min: 1, max: Infinity } },
    engine_type: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 255 }, min: 0, max: 1 } },
    engine_id: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 255 }, min: 0, max: 1 } },
    add_id_to_interface: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    active_timeout: { type: { key: { type: 'integer', minInteger: -1 }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
