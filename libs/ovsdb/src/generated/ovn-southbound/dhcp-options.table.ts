// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface DHCP_Options {
  readonly name: string;
  /** 0..254 */
  readonly code: number;
  readonly type: 'bool' | 'uint8' | 'uint16' | 'uint32' | 'ipv4' | 'static_routes' | 'str' | 'host_id' | 'domains';
}

export const DHCP_OPTIONS_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    code: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 254 }, min: 1, max: 1 } },
    type: {
      type: { key: { type: 'string', enum: ['bool', 'uint8', 'uint16', 'uint32', 'ipv4', 'static_routes', 'str', 'host_id', 'domains'] }, min: 1, max: 1 },
    },
  },
  isRoot: true,
};
