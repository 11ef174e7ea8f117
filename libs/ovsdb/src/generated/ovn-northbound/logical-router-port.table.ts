// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: name */
export interface Logical_Router_Port {
  readonly name: string;
  /** -> Gateway_Chassis (strong) */
  readonly gateway_chassis: readonly Uuid[];
  /** -> HA_Chassis_Group (strong) */
  readonly ha_chassis_group: Uuid | null;
  readonly options: Readonly<Record<string, string>>;
  /** at least 1 */
  readonly networks: readonly string[];
  readonly mac: string;
  readonly peer: string | null;
  readonly enabled: boolean | null;
  readonly ipv6_ra_configs: Readonly<Record<string, string>>;
  readonly ipv6_prefix: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
}

export const LOGICAL_ROUTER_PORT_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    gateway_chassis: { type: { key: { type: 'uuid', refTable: 'Gateway_Chassis', refType: 'strong' }, min: 0, max: Infinity } },
    ha_chassis_group: { type: { key: { type: 'uuid', refTable: 'HA_Chassis_Group', refType: 'strong' }, min: 0, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    networks: { type: { key: { type: 'string' }, min: 1, max: Infinity } },
    mac: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    peer: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    enabled: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    ipv6_ra_configs: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    ipv6_prefix: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  indexes: [['name']],
};
