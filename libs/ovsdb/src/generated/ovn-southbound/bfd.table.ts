// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: logical_port, dst_ip, src_port, disc */
export interface BFD {
  /** 49152..65535 */
  readonly src_port: number;
  readonly disc: number;
  readonly logical_port: string;
  readonly dst_ip: string;
  readonly min_tx: number;
  readonly min_rx: number;
  readonly detect_mult: number;
  readonly status: 'down' | 'init' | 'up' | 'admin_down';
  readonly external_ids: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export const BFD_TABLE: TableSchema = {
  columns: {
    src_port: { type: { key: { type: 'integer', minInteger: 49152, maxInteger: 65535 }, min: 1, max: 1 } },
    disc: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    logical_port: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    dst_ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    min_tx: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    min_rx: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    detect_mult: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    status: { type: { key: { type: 'string', enum: ['down', 'init', 'up', 'admin_down'] }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['logical_port', 'dst_ip', 'src_port', 'disc']],
};
