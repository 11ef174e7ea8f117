// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: name */
export interface Interface {
  /** set on insert only */
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
  /** 0.. */
  readonly ingress_policing_rate: number;
  /** 0.. */
  readonly ingress_policing_burst: number;
  /** 0.. */
  readonly ingress_policing_kpkts_rate: number;
  /** 0.. */
  readonly ingress_policing_kpkts_burst: number;
  /** gone after a restart of the server */
  readonly mac_in_use: string | null;
  readonly mac: string | null;
  /** 0..4294967295; gone after a restart of the server */
  readonly ifindex: number | null;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly ofport: number | null;
  /** 1..65279 */
  readonly ofport_request: number | null;
  readonly bfd: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly bfd_status: Readonly<Record<string, string>>;
  readonly cfm_mpid: number | null;
  /** gone after a restart of the server */
  readonly cfm_remote_mpids: readonly number[];
  readonly cfm_flap_count: number | null;
  /** gone after a restart of the server */
  readonly cfm_fault: boolean | null;
  /** gone after a restart of the server */
  readonly cfm_fault_status: readonly string[];
  /** gone after a restart of the server */
  readonly cfm_remote_opstate: 'up' | 'down' | null;
  /** 0..100; gone after a restart of the server */
  readonly cfm_health: number | null;
  /** gone after a restart of the server */
  readonly lacp_current: boolean | null;
  readonly lldp: Readonly<Record<string, string>>;
  readonly other_config: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly statistics: Readonly<Record<string, number>>;
  /** gone after a restart of the server */
  readonly status: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly admin_state: 'up' | 'down' | null;
  /** gone after a restart of the server */
  readonly link_state: 'up' | 'down' | null;
  /** gone after a restart of the server */
  readonly link_resets: number | null;
  /** gone after a restart of the server */
  readonly link_speed: number | null;
  /** gone after a restart of the server */
  readonly duplex: 'half' | 'full' | null;
  /** gone after a restart of the server */
  readonly mtu: number | null;
  /** 1.. */
  readonly mtu_request: number | null;
  readonly error: string | null;
}

export const INTERFACE_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 }, mutable: false },
    type: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    ingress_policing_rate: { type: { key: { type: 'integer', minInteger: 0 }, min: 1, max: 1 } },
    ingress_policing_burst: { type: { key: { type: 'integer', minInteger: 0 }, min: 1, max: 1 } },
    ingress_policing_kpkts_rate: { type: { key: { type: 'integer', minInteger: 0 }, min: 1, max: 1 } },
    ingress_policing_kpkts_burst: { type: { key: { type: 'integer', minInteger: 0 }, min: 1, max: 1 } },
    mac_in_use: { type: { key: { type: 'string' }, min: 0, max: 1 }, ephemeral: true },
    mac: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    ifindex: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 0, max: 1 }, ephemeral: true },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    ofport: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    ofport_request: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 65279 }, min: 0, max: 1 } },
    bfd: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    bfd_status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    cfm_mpid: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    cfm_remote_mpids: { type: { key: { type: 'integer' }, min: 0, max: Infinity }, ephemeral: true },
    cfm_flap_count: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    cfm_fault: { type: { key: { type: 'boolean' }, min: 0, max: 1 }, ephemeral: true },
    cfm_fault_status: { type: { key: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    cfm_remote_opstate: { type: { key: { type: 'string', enum: ['up', 'down'] }, min: 0, max: 1 }, ephemeral: true },
    cfm_health: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 100 }, min: 0, max: 1 }, ephemeral: true },
    lacp_current: { type: { key: { type: 'boolean' }, min: 0, max: 1 }, ephemeral: true },
    lldp: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    statistics: { type: { key: { type: 'string' }, value: { type: 'integer' }, min: 0, max: Infinity }, ephemeral: true },
    status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
    admin_state: { type: { key: { type: 'string', enum: ['up', 'down'] }, min: 0, max: 1 }, ephemeral: true },
    link_state: { type: { key: { type: 'string', enum: ['up', 'down'] }, min: 0, max: 1 }, ephemeral: true },
    link_resets: { type: { key: { type: 'integer' }, min: 0, max: 1 }, ephemeral: true },
    link_speed: { type: { key: { type: 'integer' }, min: 0, max: 1 }, ephemeral: true },
    duplex: { type: { key: { type: 'string', enum: ['half', 'full'] }, min: 0, max: 1 }, ephemeral: true },
    mtu: { type: { key: { type: 'integer' }, min: 0, max: 1 }, ephemeral: true },
    mtu_request: { type: { key: { type: 'integer', minInteger: 1 }, min: 0, max: 1 } },
    error: { type: { key: { type: 'string' }, min: 0, max: 1 } },
  },
  indexes: [['name']],
};
