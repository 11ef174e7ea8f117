// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: name */
export interface Bridge {
  /** set on insert only */
  readonly name: string;
  readonly datapath_type: string;
  readonly datapath_version: string;
  /** gone after a restart of the server */
  readonly datapath_id: string | null;
  readonly stp_enable: boolean;
  readonly rstp_enable: boolean;
  readonly mcast_snooping_enable: boolean;
  /** -> Port (strong) */
  readonly ports: readonly Uuid[];
  /** -> Mirror (strong) */
  readonly mirrors: readonly Uuid[];
  /** -> NetFlow (strong) */
  readonly netflow: Uuid | null;
  /** -> sFlow (strong) */
  readonly sflow: Uuid | null;
  /** -> IPFIX (strong) */
  readonly ipfix: Uuid | null;
  /** -> Controller (strong) */
  readonly controller: readonly Uuid[];
  readonly protocols: readonly ('OpenFlow10' | 'OpenFlow11' | 'OpenFlow12' | 'OpenFlow13' | 'OpenFlow14' | 'OpenFlow15')[];
  readonly fail_mode: 'standalone' | 'secure' | null;
  /** gone after a restart of the server */
  readonly status: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly rstp_status: Readonly<Record<string, string>>;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
  /** 0..4095; at most 4096 */
  readonly flood_vlans: readonly number[];
  /** keys 0..254; -> Flow_Table (strong) */
  readonly flow_tables: Readonly<Record<string, Uuid>>;
  /** -> AutoAttach (strong) */
  readonly auto_attach: Uuid | null;
}

export const BRIDGE_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 }, mutable: false },
    datapath_type: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    datapath_version: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    datapath_id: { type: { key: { type: 'string' }, min: 0, max: 1 }, ephemeral: true },
    stp_enable: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    rstp_enable: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    mcast_snooping_enable: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    ports: { type: { key: { type: 'uuid', refTable: 'Port', refType: 'strong' }, min: 0, max: Infinity } },
    mirrors: { type: { key: { type: 'uuid', refTable: 'Mirror', refType: 'strong' }, min: 0, max: Infinity } },
    netflow: { type: { key: { type: 'uuid', refTable: 'NetFlow', refType: 'strong' }, min: 0, max: 1 } },
    sflow: { type: { key: { type: 'uuid', refTable: 'sFlow', refType: 'strong' }, min: 0, max: 1 } },
    ipfix: { type: { key: { type: 'uuid', refTable: 'IPFIX', refType: 'strong' }, min: 0, max: 1 } },
    controller: { type: { key: { type: 'uuid', refTable: 'Controller', refType: 'strong' }, min: 0, max: Infinity } },
    protocols: {
      type: { key: { type: 'string', enum: ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15'] }, min: 0, max: Infinity },
    },
    fail_mode: { type: { key: { type: 'string', enum: ['standalone', 'secure'] }, min: 0, max: 1 } },
    status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    rstp_status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    flood_vlans: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 } },
    flow_tables: {
      type: {
        key: { type: 'integer', minInteger: 0, maxInteger: 254 },
        value: { type: 'uuid', refTable: 'Flow_Table', refType: 'strong' },
        min: 0,
        max: Infinity,
      },
    },
    auto_attach: { type: { key: { type: 'uuid', refTable: 'AutoAttach', refType: 'strong' }, min: 0, max: 1 } },
  },
  indexes: [['name']],
};
