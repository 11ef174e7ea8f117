// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Logical_Router_Static_Route {
  readonly route_table: string;
  readonly ip_prefix: string;
  readonly policy: 'src-ip' | 'dst-ip' | null;
  readonly nexthop: string;
  readonly output_port: string | null;
  /** -> BFD (weak) */
  readonly bfd: Uuid | null;
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOGICAL_ROUTER_STATIC_ROUTE_TABLE: TableSchema = {
  columns: {
    route_table: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ip_prefix: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    policy: { type: { key: { type: 'string', enum: ['src-ip', 'dst-ip'] }, min: 0, max: 1 } },
    nexthop: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    output_port: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    bfd: { type: { key: { type: 'uuid', refTable: 'BFD', refType: 'weak' }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
