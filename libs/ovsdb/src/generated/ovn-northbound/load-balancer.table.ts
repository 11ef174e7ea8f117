// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface Load_Balancer {
  readonly name: string;
  readonly vips: Readonly<Record<string, string>>;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | null;
  /** -> Load_Balancer_Health_Check (strong) */
  readonly health_check: readonly Uuid[];
  readonly ip_port_mappings: Readonly<Record<string, string>>;
  readonly selection_fields: readonly ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[];
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOAD_BALANCER_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    vips: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    protocol: { type: { key: { type: 'string', enum: ['tcp', 'udp', 'sctp'] }, min: 0, max: 1 } },
    health_check: { type: { key: { type: 'uuid', refTable: 'Load_Balancer_Health_Check', refType: 'strong' }, min: 0, max: Infinity } },
    ip_port_mappings: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    selection_fields: { type: { key: { type: 'string', enum: ['eth_src', 'eth_dst', 'ip_src', 'ip_dst', 'tp_src', 'tp_dst'] }, min: 0, max: Infinity } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
