// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Forwarding_Group {
  readonly name: string;
  readonly vip: string;
  readonly vmac: string;
  readonly liveness: boolean;
  readonly external_ids: Readonly<Record<string, string>>;
  /** at least 1 */
  readonly child_port: readonly string[];
}

export const FORWARDING_GROUP_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    vip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    vmac: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    liveness: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    child_port: { type: { key: { type: 'string' }, min: 1, max: Infinity } },
  },
};
