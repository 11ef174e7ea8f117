// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface CT_Zone {
  /** -> CT_Timeout_Policy (strong) */
  readonly timeout_policy: Uuid | null;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const CT_ZONE_TABLE: TableSchema = {
  columns: {
    timeout_policy: { type: { key: { type: 'uuid', refTable: 'CT_Timeout_Policy', refType: 'strong' }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
