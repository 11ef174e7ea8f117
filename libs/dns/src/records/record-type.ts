/** Record types by name and number (IANA "Resource Record (RR) TYPEs"). */
import { DnsInputError } from '../errors';

/** What the server itself speaks of. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

const NUMBERS: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  RT: 21,
  SIG: 24,
  KEY: 25,
  AAAA: 28,
  LOC: 29,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
};
const NAMES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name]));

/** "MX" or "mx" or "TYPE15" -> 15. @throws DnsInputError `type.unknown` */
export const recordType = (name: string): number => {
  const upper = name.toUpperCase();
  const known = NUMBERS[upper];
  if (known !== undefined && Object.hasOwn(NUMBERS, upper)) return known;
  const generic = /^TYPE([0-9]{1,5})$/.exec(upper);
  if (generic && Number(generic[1]) <= 65_535) return Number(generic[1]);
  throw new DnsInputError('type.unknown', `"${name}" is no record type; types without a name are written TYPE<number> (RFC 3597)`);
};

/** 15 -> "MX"; "TYPE65280" for a type without a name. */
export const recordTypeName = (type: number): string => NAMES.get(type) ?? `TYPE${type}`;
