// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Logical_Router_Policy {
  /** 0..32767 */
  readonly priority: number;
  readonly match: string;
  readonly action: 'allow' | 'drop' | 'reroute';
  readonly nexthop: string | null;
  readonly nexthops: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOGICAL_ROUTER_POLICY_TABLE: TableSchema = {
  columns: {
    priority: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 32767 }, min: 1, max: 1 } },
    match: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    action: { type: { key: { type: 'string', enum: ['allow', 'drop', 'reroute'] }, min: 1, max: 1 } },
    nexthop: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    nexthops: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
