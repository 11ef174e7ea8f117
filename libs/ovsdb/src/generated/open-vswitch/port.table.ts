// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: name */
export interface Port {
  /** set on insert only */
  readonly name: string;
  /** -> Interface (strong); at least 1 */
  readonly interfaces: readonly Uuid[];
  /** 0..4095; at most 4096 */
  readonly trunks: readonly number[];
  /** 0..4095; at most 4096 */
  readonly cvlans: readonly number[];
  /** 0..4095 */
  readonly tag: number | null;
  readonly vlan_mode: 'trunk' | 'access' | 'native-tagged' | 'native-untagged' | 'dot1q-tunnel' | null;
  /** -> QoS (strong) */
  readonly qos: Uuid | null;
  readonly mac: string | null;
  readonly bond_mode: 'balance-tcp' | 'balance-slb' | 'active-backup' | null;
  readonly lacp: 'active' | 'passive' | 'off' | null;
  readonly bond_updelay: number;
  readonly bond_downdelay: number;
  readonly bond_active_slave: string | null;
  readonly bond_fake_iface: boolean;
  readonly fake_bridge: boolean;
  /** gone after a restart of the server */
  readonly status: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly rstp_status: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly rstp_statistics: Readonly<Record<string, number>>;
  /** gone after a restart of the server */
  readonly statistics: Readonly<Record<string, number>>;
  readonly protected: boolean;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const PORT_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 }, mutable: false },
    interfaces: { type: { key: { type: 'uuid', refTable: 'Interface', refType: 'strong' }, min: 1, max: Infinity } },
    trunks: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 } },
    cvlans: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 } },
    tag: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 1 } },
    vlan_mode: { type: { key: { type: 'string', enum: ['trunk', 'access', 'native-tagged', 'native-untagged', 'dot1q-tunnel'] }, min: 0, max: 1 } },
    qos: { type: { key: { type: 'uuid', refTable: 'QoS', refType: 'strong' }, min: 0, max: 1 } },
    mac: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    bond_mode: { type: { key: { type: 'string', enum: ['balance-tcp', 'balance-slb', 'active-backup'] }, min: 0, max: 1 } },
    lacp: { type: { key: { type: 'string', enum: ['active', 'passive', 'off'] }, min: 0, max: 1 } },
    bond_updelay: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    bond_downdelay: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    bond_active_slave: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    bond_fake_iface: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    fake_bridge: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    rstp_status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    rstp_statistics: { type: { key: { type: 'string' }, value: { type: 'integer' }, min: 0, max: Infinity }, ephemeral: true },
    statistics: { type: { key: { type: 'string' }, value: { type: 'integer' }, min: 0, max: Infinity }, ephemeral: true },
    protected: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  indexes: [['name']],
};
