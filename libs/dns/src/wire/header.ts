/**
 * The header of a message (RFC 1035 section 4.1.1, RFC 2535 for AD and CD):
 *
 *    0  id
 *    2  QR(1) opcode(4) AA TC RD | RA Z AD CD rcode(4)
 *    4  number of questions, 6 answers, 8 authority, 10 additional
 */
export const HEADER_OCTETS = 12;

export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, CD: 0x0010 } as const;
export const OPCODE = { QUERY: 0, NOTIFY: 4 } as const;
export const CLASS = { IN: 1, ANY: 255 } as const;

/** RFC 1035, 2136, 6891, 8945. Those above 15 are the extended ones of EDNS or the error field of TSIG. */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  NOTAUTH: 9,
  BADVERS: 16,
  BADSIG: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADTRUNC: 22,
} as const;

export const opcodeOf = (flags: number): number => (flags >> 11) & 15;
/** The first octet of a compression pointer has both upper bits set. */
export const POINTER = 0xc0;
export const POINTER_LIMIT = 0x4000;
