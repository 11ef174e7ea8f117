// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: logical_port, ip, port, protocol */
export interface Service_Monitor {
  readonly ip: string;
  readonly protocol: 'tcp' | 'udp' | null;
  /** 0..65535 */
  readonly port: number;
  readonly logical_port: string;
  readonly src_mac: string;
  readonly src_ip: string;
  readonly status: 'online' | 'offline' | 'error' | null;
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const SERVICE_MONITOR_TABLE: TableSchema = {
  columns: {
    ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    protocol: { type: { key: { type: 'string', enum: ['tcp', 'udp'] }, min: 0, max: 1 } },
    port: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 65535 }, min: 1, max: 1 } },
    logical_port: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    src_mac: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    src_ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    status: { type: { key: { type: 'string', enum: ['online', 'offline', 'error'] }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['logical_port', 'ip', 'port', 'protocol']],
};
