// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface ACL {
  /** at most 63 characters */
  readonly name: string | null;
  /** 0..32767 */
  readonly priority: number;
  readonly direction: 'from-lport' | 'to-lport';
  readonly match: string;
  readonly action: 'allow' | 'allow-related' | 'allow-stateless' | 'drop' | 'reject';
  readonly log: boolean;
  readonly severity: 'alert' | 'warning' | 'notice' | 'info' | 'debug' | null;
  readonly meter: string | null;
  /** 0..4294967295 */
  readonly label: number;
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const ACL_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string', maxLength: 63 }, min: 0, max: 1 } },
    priority: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 32767 }, min: 1, max: 1 } },
    direction: { type: { key: { type: 'string', enum: ['from-lport', 'to-lport'] }, min: 1, max: 1 } },
    match: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    action: { type: { key: { type: 'string', enum: ['allow', 'allow-related', 'allow-stateless', 'drop', 'reject'] }, min: 1, max: 1 } },
    log: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    severity: { type: { key: { type: 'string', enum: ['alert', 'warning', 'notice', 'info', 'debug'] }, min: 0, max: 1 } },
    meter: { type: { key: { type: 'string' }, min: 0, max: 1 } },
    label: { type: { key: { type: 'integer', minInteger: 0, maxInteger: 4294967295 }, min: 1, max: 1 } },
    options: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
