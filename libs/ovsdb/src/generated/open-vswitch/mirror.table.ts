// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Mirror {
  readonly name: string;
  readonly select_all: boolean;
  /** -> Port (weak) */
  readonly select_src_port: readonly Uuid[];
  /** -> Port (weak) */
  readonly select_dst_port: readonly Uuid[];
  /** 0..4095; at most 4096 */
  readonly select_vlan: readonly number[];
  /** -> Port (weak) */
  readonly output_port: Uuid | null;
  /** 1..4095 */
  readonly output_vlan: number | null;
  /** 14..65535 */
  readonly snaplen: number | null;
  /** gone after a restart of the server */
  readonly statistics: Readonly<Record<string, number>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const MIRROR_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    select_all: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    select_src_port: { type: { key: { type: 'uuid', refTable: 'Port', refType: 'weak' }, min: 0, max: Infinity } },
    select_dst_port: { type: { key: { type: 'uuid', refTable: 'Port', refType: 'weak' }, min: 0, max: Infinity } },
    select_vlan: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 } },
    output_port: { type: { key: { type: 'uuid', refTable: 'Port', refType: 'weak' }, min: 0, max: 1 } },
    output_vlan: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 4095 }, min: 0, max: 1 } },
    snaplen: { type: { key: { type: 'integer', minInteger: 14, maxInteger: 65535 }, min: 0, max: 1 } },
    statistics: { type: { key: { type: 'string' }, value: { type: 'integer' }, min: 0, max: Infinity }, ephemeral: true },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
