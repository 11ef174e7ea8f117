// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface Controller_Event {
  readonly event_type: 'empty_lb_backends';
  readonly event_info: Readonly<Record<string, string>>;
  /** -> Chassis (weak) */
  readonly chassis: Uuid | null;
  readonly seq_num: number;
}

export const CONTROLLER_EVENT_TABLE: TableSchema = {
  columns: {
    event_type: { type: { key: { type: 'string', enum: ['empty_lb_backends'] }, min: 1, max: 1 } },
    event_info: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: 1 } },
    seq_num: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
  },
  isRoot: true,
};
