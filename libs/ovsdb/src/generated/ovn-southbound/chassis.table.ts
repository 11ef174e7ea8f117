// Made by src/generate from schemas/ovn-sb.ovsschema (OVN_Southbound 20.27.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Chassis {
  readonly name: string;
  readonly hostname: string;
  /** -> Encap (strong); at least 1 */
  readonly encaps: readonly Uuid[];
  readonly vtep_logical_switches: readonly string[];
  readonly nb_cfg: number;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly other_config: Readonly<Record<string, string>>;
  readonly transport_zones: readonly string[];
}

export const CHASSIS_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    hostname: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    encaps: { type: { key: { type: 'uuid', refTable: 'Encap', refType: 'strong' }, min: 1, max: Infinity } },
    vtep_logical_switches: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    nb_cfg: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    transport_zones: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
