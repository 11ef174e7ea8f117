// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface Logical_Flow {
  /** -> Datapath_Binding (strong) */
  readonly logical_datapath: Uuid | null;
  /** -> Logical_DP_Group (strong) */
  readonly logical_dp_group: Uuid | null;
  readonly pipeline: 'ingress' | 'egress';
  /** 0..32 */
  readonly table_id: number;
  /** 0..65535 */
  readonly priority: number;
  readonly match: string;
  readonly actions: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly controller_meter: string | null;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOGICAL_FLOW_TABLE: TableSchema = {
  columns: {
    logical_datapath: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' }, min: 0, max: 1 } },
    logical_dp_group: { type: { key: { type: 'uuid', refTable: 'Logical_DP_Group', refType: 'strong' }, min: 0, max: 1 } },
    pipeline: { type: { key: { type: 'string', enum: ['ingress', 'egress'] }, min: 1, max: 1 } },
    table_id: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 32 }, min: 1, max: 1 } },
    priority: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 65535 }, min: 1, max: 1 } },
    match: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    actions: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    tags: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    controller_meter: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
