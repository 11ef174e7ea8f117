// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: name */
export interface Gateway_Chassis {
  readonly name: string;
  /** -> Chassis (weak) */
  readonly chassis: Uuid | null;
  /** 0..32767 */
  readonly priority: number;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export const GATEWAY_CHASSIS_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    chassis: { type: { key: { type: 'uuid', refTable: 'Chassis', refType: 'weak' }, min: 0, max: 1 } },
    priority: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 32767 }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  indexes: [['name']],
};
