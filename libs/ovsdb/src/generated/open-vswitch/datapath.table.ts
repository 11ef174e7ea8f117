// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Datapath {
  readonly datapath_version: string;
  /** keys 0..65535; -> CT_Zone (strong) */
  readonly ct_zones: Readonly<Record<string, Uuid>>;
  readonly capabilities: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const DATAPATH_TABLE: TableSchema = {
  columns: {
    datapath_version: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ct_zones: {
      type: {
        key: { type: 'integer', minInteger: 0, maxInteger: 65535 },
        value: { type: 'uuid', refTable: 'CT_Zone', refType: 'strong' },
        min: 0,
        max: Infinity,
      },
    },
    capabilities: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
