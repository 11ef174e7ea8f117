// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface IPFIX {
  readonly targets: readonly string[];
  /** 1..4294967295 */
  readonly sampling: number | null;
  /** 0..4294967295 */
  readonly obs_domain_id: number | null;
  /** 0..4294967295 */
  readonly obs_point_id: number | null;
  /** 0..4200 */
  readonly cache_active_timeout: number | null;
  /** 0..4294967295 */
  readonly cache_max_flows: number | null;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const IPFIX_TABLE: TableSchema = {
  columns: {
    targets: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    sampling: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 4294967295 }, min: 0, max: 1 } },
    obs_domain_id: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 0, max: 1 } },
    obs_point_id: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 0, max: 1 } },
    cache_active_timeout: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4200 }, min: 0, max: 1 } },
    cache_max_flows: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 0, max: 1 } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
