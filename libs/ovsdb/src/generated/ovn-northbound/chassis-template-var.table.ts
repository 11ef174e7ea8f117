// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: chassis */
export interface Chassis_Template_Var {
  readonly chassis: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const CHASSIS_TEMPLATE_VAR_TABLE: TableSchema = {
  columns: {
    chassis: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    variables: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['chassis']],
};
