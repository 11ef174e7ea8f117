// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface Load_Balancer {
  readonly name: string;
  readonly vips: Readonly<Record<string, string>>;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | null;
  /** -> Datapath_Binding (strong) */
  readonly datapaths: readonly Uuid[];
  /** -> Logical_DP_Group (strong) */
  readonly datapath_group: Uuid | null;
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOAD_BALANCER_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    vips: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    protocol: { type: { key: { type: 'string', enum: ['tcp', 'udp', 'sctp'] }, min: 0, max: 1 } },
    datapaths: { type: { key: { type: 'uuid', refTable: 'Datapath_Binding', refType: 'strong' }, min: 0, max: Infinity } },
    datapath_group: { type: { key: { type: 'uuid', refTable: 'Logical_DP_Group', refType: 'strong' }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
