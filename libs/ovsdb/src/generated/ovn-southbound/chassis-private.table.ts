// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Chassis_Private {
  readonly name: string;
  /** -> Chassis (weak) */
  readonly chassis: Uuid | null;
  readonly nb_cfg: number;
  readonly nb_cfg_timestamp: number;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const CHASSIS_PRIVATE_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: 1 } },
    nb_cfg: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    nb_cfg_timestamp: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
