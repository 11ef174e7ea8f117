// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.
import type { Uuid } from '../../notation/values';
import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; at most 1 row(s) */
export interface Open_vSwitch {
  /** -> Datapath (strong) */
  readonly datapaths: Readonly<Record<string, Uuid>>;
  /** -> Bridge (strong) */
  readonly bridges: readonly Uuid[];
  /** -> Manager (strong) */
  readonly manager_options: readonly Uuid[];
  /** -> SSL (strong) */
  readonly ssl: Uuid | null;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly next_cfg: number;
  readonly cur_cfg: number;
  /** gone after a restart of the server */
  readonly statistics: Readonly<Record<string, string>>;
  readonly ovs_version: string | null;
  readonly db_version: string | null;
  readonly system_type: string | null;
  readonly system_version: string | null;
  readonly datapath_types: readonly string[];
  readonly iface_types: readonly string[];
  readonly dpdk_initialized: boolean;
  readonly dpdk_version: string | null;
}

export const OPEN_VSWITCH_TABLE: TableSchema = {
  columns: {
    datapaths: { type: { key: { type: 'string' }, value: { type: 'uuid', refTable: 'Datapath', refType: 'strong' }, min: 0, max: Infinity } },
    bridges: { type: { key: { type: 'uuid', refTable: 'Bridge', refType: 'strong' }, min: 0, max: Infinity } },
    manager_options: { type: { key: { type: 'uuid', refTable: 'Manager', refType: 'strong' }, min: 0, max: Infinity } },
    ssl: { type: { key: { type: 'uuid', refTable: 'SSL', refType: 'strong' }, min: 0, max: 1 } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    next_cfg: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    cur_cfg: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    statistics: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    ovs_version: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    db_version: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    system_type: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    system_version: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    datapath_types: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    iface_types: { type: { key: { type: 'string' }, min: 0, max: Infinity } },
    dpdk_initialized: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    dpdk_version: { type: { key: { type: 'string' }, min: 0, max: 1 } },
  },
  isRoot: true,
  maxRows: 1,
};
