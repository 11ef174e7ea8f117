// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: logical_port, dst_ip */
export interface BFD {
  readonly logical_port: string;
  readonly dst_ip: string;
  /** 1.. */
  readonly min_tx: number | null;
  readonly min_rx: number | null;
  /** 1.. */
  readonly detect_mult: number | null;
  readonly status: 'down' | 'init' | 'up' | 'admin_down' | null;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export const BFD_TABLE: TableSchema = {
  columns: {
    logical_port: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    dst_ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    min_tx: { type: { key: { type: 'integer', minInteger: 1 }, min: 0, max: 1 } },
    min_rx: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    detect_mult: { type: { key: { type: 'integer', minInteger: 1 }, min: 0, max: 1 } },
    status: { type: { key: { type: 'string', enum: ['down', 'init', 'up', 'admin_down'] }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['logical_port', 'dst_ip']],
};
