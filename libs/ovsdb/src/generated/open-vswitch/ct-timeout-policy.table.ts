// Made by src/generate from schemas/vswitch.ovsschema (Open_vSwitch 8.3.1): change those, not this file.

import type { TableSchema } from '../../schema/schema';

/** rows live as long as something refers to them */
export interface CT_Timeout_Policy {
  /** 0..4294967295 */
  readonly timeouts: Readonly<Record<string, number>>;
  readonly external_ids: Readonly<Record<string, string>>;
}

export const CT_TIMEOUT_POLICY_TABLE: TableSchema = {
  columns: {
    timeouts: {
      type: {
        key: {
          type: 'string',
          enum: [
            'tcp_syn_sent',
            'tcp_syn_recv',
            'tcp_established',
            'tcp_fin_wait',
            'tcp_close_wait',
            'tcp_last_ack',
            'tcp_time_wait',
            'tcp_close',
            'tcp_syn_sent2',
            'tcp_retransmit',
            'tcp_unack',
            'udp_first',
            'udp_single',
            'udp_multiple',
            'icmp_first',
            'icmp_reply',
          ],
        },
        value: { type: 'integer', minInteger: 0, maxInteger: 4294967295 },
        min: 0,
        max: Infinity,
      },
    },
    external_ids: { type: { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: Infinity } },
  },
};
