// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface DHCPv6_Options {
  readonly name: string;
  /** 0..254 */
  readonly code: number;
  readonly type: 'ipv6' | 'str' | 'mac';
}

export const DHCPV6_OPTIONS_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    code: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 254 }, min: 1, max: 1 } },
    type: { type: { key: { type: 'string', enum: ['ipv6', 'str', 'mac'] }, min: 1, max: 1 } },
  },
  isRoot: true,
};
