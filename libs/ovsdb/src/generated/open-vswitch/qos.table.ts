// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted */
export interface QoS {
  readonly type: string;
  /** keys 0..4294967295; -> Queue (strong) */
  readonly queues: Readonly<Record<string, Uuid>>;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const QOS_TABLE: TableSchema = {
  columns: {
    type: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    queues: {
      type: {
        key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 },
        value: { type: 'uuid', refTable: 'Queue', refType: 'strong' },
        min: 0,
        max: Infinity,
      },
    },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
};
