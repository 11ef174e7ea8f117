// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface NAT {
  readonly external_ip: string;
  readonly external_mac: string | null;
  readonly external_port_range: string;
  readonly logical_ip: string;
  readonly logical_port: string | null;
  readonly type: 'dnat' | 'snat' | 'dnat_and_snat';
  /** -> Address_Set (strong) */
  readonly allowed_ext_ips: Uuid | null;
  /** -> Address_Set (strong) */
  readonly exempted_ext_ips: Uuid | null;
  /** -> Logical_Router_Port (weak) */
  readonly gateway_port: Uuid | null;
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const NAT_TABLE: TableSchema = {
  columns: {
    external_ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    external_mac: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    external_port_range: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    logical_ip: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    logical_port: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    type: { type: { key: { type: 'string', enum: ['dnat', 'snat', 'dnat_and_snat'] }, min: 1, max: 1 } },
    allowed_ext_ips: { type: { key: { type: 'uuid', refTable: 'Address_Set', refType: 'strong' }, min: 0, max: 1 } },
    exempted_ext_ips: { type: { key: { type: 'uuid', refTable: 'Address_Set', refType: 'strong' }, min: 0, max: 1 } },
    gateway_port: { type: { key: { type: 'uuid', refTable: 'Logical_Router_Port', refType: 'weak' }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
