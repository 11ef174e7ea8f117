// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface sFlow {
  /** at least 1 */
  readonly targets: readonly string[];
  readonly sampling: number | null;
  readonly polling: number | null;
  readonly header: number | null;
  readonly agent: string | null;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const SFLOW_TABLE: TableSchema = {
  columns: {
    targets: { type: { key: { type: 'string' }, min: 1, max: Infinity } },
    sampling: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    polling: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    header: { type: { key: { type: 'integer' }, min: 0, max: 1 } },
    agent: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
