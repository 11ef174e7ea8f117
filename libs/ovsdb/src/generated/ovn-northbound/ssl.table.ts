// Made by src/generate from schemas/ovn-nb.ovsschema (OVN_Northbound 7.0.0): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them; at most 1 row(s) */
export interface SSL {
  readonly private_key: string;
  readonly certificate: string;
  readonly ca_cert: string;
  readonly bootstrap_ca_cert: boolean;
  readonly ssl_protocols: string;
  readonly ssl_ciphers: string;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const SSL_TABLE: TableSchema = {
  columns: {
    private_key: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    certificate: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ca_cert: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    bootstrap_ca_cert: { type: { key: { type: 'boolean' }, min: 1, max: 1 } },
    ssl_protocols: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    ssl_ciphers: { type: { key: { type: 'string' }, min: 1, max: 1 } },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
  maxRows: 1,
};
