// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; unique: target */
export interface Connection {
  readonly target: string;
  /** 1000.. */
  readonly max_backoff: number | null;
  readonly inactivity_probe: number | null;
  readonly other_config: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
  /** gone after a restart of the server */
  readonly is_connected: boolean;
  /** gone after a restart of the server */
  readonly status: Readonly<Record<string, string>>;
}

export const CONNECTION_TABLE: TableSchema = {
  columns: {
    target: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    max_backoff: { type: { key: { type: 'integer', minInteger: 1000 }, min: 0, max: 1 } },
    inactivity_probe: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    other_config: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    is_connected: { type: { key: { type: 'boolean' }, min: 1, max: 1 }, ephemeral: true },
    status: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity }, ephemeral: true },
  },
  indexes: [['target']],
};
