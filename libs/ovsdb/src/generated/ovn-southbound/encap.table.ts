// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: type, ip */
export interface Encap {
  readonly type: 'geneve' | 'stt' | 'vxlan';
  readonly options: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly chassis_name: string;
}

export const ENCAP_TABLE: TableSchema = {
  columns: {
    type: { type: { key: { type: 'string', enum: ['geneve', 'stt', 'vxlan'] }, min: 1, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    chassis_name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
  },
  indexes: [['type', 'ip']],
};
