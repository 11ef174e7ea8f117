// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live until they are deleted; unique: name */
export interface Mirror {
  readonly name: string;
  readonly filter: 'from-lport' | 'to-lport';
  readonly sink: string;
  readonly type: 'gre' | 'erspan';
  readonly index: number;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const MIRROR_TABLE: TableSchema = {
  columns: {
    name: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    filter: { type: { key: { type: 'string', enum: ['from-lport', 'to-lport'] }, min: 1, max: 1 } },
    sink: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    type: { type: { key: { type: 'string', enum: ['gre', 'erspan'] }, min: 1, max: 1 } },
    index: { type: { key: { type: 'integer' }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  isRoot: true,
  indexes: [['name']],
};
