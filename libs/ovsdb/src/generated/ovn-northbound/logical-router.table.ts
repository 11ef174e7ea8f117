// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface Logical_Router {
  readonly name: string;
  /** -> Logical_Router_Port (strong) */
  readonly ports: readonly Uuid[];
  /** -> Logical_Router_Static_Route (strong) */
  readonly static_routes: readonly Uuid[];
  /** -> Logical_Router_Policy (strong) */
  readonly policies: readonly Uuid[];
  readonly enabled: boolean | null;
  /** -> NAT (strong) */
  readonly nat: readonly Uuid[];
  /** -> Load_Balancer (weak) */
  readonly load_balancer: readonly Uuid[];
  /** -> Load_Balancer_Group (strong) */
  readonly load_balancer_group: readonly Uuid[];
  /** -> Copp (weak) */
  readonly copp: Uuid | null;
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOGICAL_ROUTER_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ports: { type: { key: { type: 'uuid', refTable: 'Logical_Router_Port', refType: 'strong' }, min: 0, max: Infinity } },
    static_routes: { type: { key: { type: 'uuid', refTable: 'Logical_Router_Static_Route', refType: 'strong' }, min: 0, max: Infinity } },
    policies: { type: { key: { type: 'uuid', refTable: 'Logical_Router_Policy', refType: 'strong' }, min: 0, max: Infinity } },
    enabled: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    nat: { type: { key: { type: 'uuid', refTable: 'NAT', refType: 'strong' }, min: 0, max: Infinity } },
    load_balancer: { type: { key: { type: 'uuid', refTable: 'Load_Balancer', refType: 'weak' }, min: 0, max: Infinity } },
    load_balancer_group: { type: { key: { type: 'uuid', refTable: 'Load_Balancer_Group', refType: 'strong' }, min: 0, max: Infinity } },
    copp: { type: { key: { type: 'uuid', refTable: 'Copp', refType: 'weak' }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
