// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface QoS {
  /** 0..32767 */
  readonly priority: number;
  readonly direction: 'from-lport' | 'to-lport';
  readonly match: string;
  /** 0..63 */
  readonly action: Readonly<Record<string, number>>;
  /** 1..4294967295 */
  readonly bandwidth: Readonly<Record<string, number>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const QOS_TABLE: TableSchema = {
  columns: {
    priority: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 32767 }, min: 1, max: 1 } },
    direction: { type: { key: { type: 'string', enum: ['from-lport', 'to-lport'] }, min: 1, max: 1 } },
    match: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    action: { type: { key: { type: 'string', enum: ['dscp'] }, value: { type: 'integer', minInteger: 0, maxInteger: 63 }, min: 0, max: Infinity } },
    bandwidth: {
      type: { key: { type: 'string', enum: ['rate', 'burst'] }, value: { type: 'integer', minInteger: 1, maxInteger: 4294967295 }, min: 0, max: Infinity },
    },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
