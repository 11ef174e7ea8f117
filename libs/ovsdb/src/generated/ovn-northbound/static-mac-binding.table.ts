// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: logical_port, ip */
export interface Static_MAC_Binding {
  readonly logical_port: string;
  readonly ip: string;
  readonly mac: string;
  readonly override_dynamic_mac: boolean;
}

export const STATIC_MAC_BINDING_TABLE: TableSchema = {
  columns: {
    logical_port: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    mac: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    override_dynamic_mac: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
  },
  isRoot: true,
  indexes: [['logical_port', 'ip']],
};
