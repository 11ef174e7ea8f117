// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface Controller {
  readonly type: 'primary' | 'service' | null;
  readonly target: string;
  /** 1000.. */
  readonly max_backoff: number | null;
  readonly inactivity_probe: number | null;
  readonly connection_mode: 'in-band' | 'out-of-band' | null;
  readonly local_ip: string | null;
  readonly local_netmask: string | null;
  readonly local_gateway: string | null;
  readonly enable_async_messages: boolean | null;
  /** 1..512 */
  readonly controller_queue_size: number | null;
  /** 100.. */
  readonly controller_rate_limit: number | null;
  /** 25.. */
  readonly controller_burst_limit: number | null;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly is_connected: boolean;
  /** gone after a restart of the server */
  readonly role: 'other' | 'master' | 'slave' | null;
  /** gone after a restart of the server */
  readonly status: Readonly<Record<string, string>>;
}

export const CONTROLLER_TABLE: TableSchema = {
  columns: {
    type: { type: { key: { type: 'string', enum: ['primary', 'service'] }, min: 0, max: 1 } },
    target: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    max_backoff: { type: { key: { type: 'integer', minInteger: 1000 }, min: 0, max: 1 } },
    inactivity_probe: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    connection_mode: { type: { key: { type: 'string', enum: ['in-band', 'out-of-band'] }, min: 0, max: 1 } },
    local_ip: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    local_netmask: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    local_gateway: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    enable_async_messages: { type: { key: { type: 'boolean' }, min: 0, max: 1 } },
    controller_queue_size: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 512 }, min: 0, max: 1 } },
    controller_rate_limit: { type: { key: { type: 'integer', minInteger: 100 }, min: 0, max: 1 } },
    controller_burst_limit: { type: { key: { type: 'integer', minInteger: 25 }, min: 0, max: 1 } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    is_connected: { type: { key: { type: 'boolean' }, min: 1, max: 1 }, ephemeral: true },
    role: { type: { key: { type: 'string', enum: ['other', 'master', 'slave'] }, min: 0, max: 1 }, ephemeral: true },
    status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
  },
};
