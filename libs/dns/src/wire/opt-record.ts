import { TYPE } from '../records/record-type';

/** RFC 6891 section 6.2.5: what passes without fragments nearly everywhere (DNS flag day 2020). */
export const UDP_PAYLOAD_OCTETS = 1232;
/** Without EDNS, RFC 1035 section 4.2.1. */
export const PLAIN_UDP_OCTETS = 512;
export const OPT_OCTETS = 11;

/** root | OPT | our payload size | upper eight bits of the rcode, version 0, DO as it came | no options */
export const optRecord = (rcode: number, dnssecOk: boolean): Buffer => {
  const record = Buffer.alloc(OPT_OCTETS);
  record.writeUInt16BE(TYPE.OPT, 1);
  record.writeUInt16BE(UDP_PAYLOAD_OCTETS, 3);
  record[5] = rcode >> 4;
  record[7] = dnssecOk ? 0x80 : 0;
  return record;
};
