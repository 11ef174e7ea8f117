// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Flow_Table {
  readonly name: string | null;
  /** 0.. */
  readonly flow_limit: number | null;
  readonly overflow_policy: 'refuse' | 'evict' | null;
  readonly groups: readonly string[];
  /** at most 3 */
  readonly prefixes: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
}

export const FLOW_TABLE_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    flow_limit: { type: { key: { type: 'integer', minInteger: 0 }, min: 0, max: 1 } },
    overflow_policy: { type: { key: { type: 'string', enum: ['refuse', 'evict'] }, min: 0, max: 1 } },
    groups: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    prefixes: { type: { key: { type: 'string' }, min: 0, max: 3 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
