import { base64, eui, hex, ipv4, ipv6, name, string, strings, text, uint } from './basic-fields';
import { caaTag, cdsDigest, dsDigest, naptrFlags, naptrSubstitution, sshFingerprint, tlsaDigest } from './checked-fields';
import type { Field, FieldCodec } from './field';
import { location } from './loc-field';
import { recordType } from './record-type';
import { serviceParameters } from './service-parameters';

export interface RecordFormat {
  readonly fields: readonly Field[];
  /** What the fields say about each other. @throws DnsInputError */
  readonly whole?: (rdata: string) => void;
}

const fields = (table: Record<string, FieldCodec>): readonly Field[] => Object.entries(table).map(([field, codec]) => ({ name: field, codec }));
const preferenceAnd = (field: string): RecordFormat => ({ fields: fields({ preference: uint(2), [field]: name }) });
const one = (field: string, codec: FieldCodec): RecordFormat => ({ fields: fields({ [field]: codec }) });
const service: RecordFormat = { fields: fields({ priority: uint(2), target: name, parameters: serviceParameters }) };
const key: RecordFormat = { fields: fields({ flags: uint(2), protocol: uint(1), algorithm: uint(1), 'public key': base64 }) };
const delegation = (whole: (rdata: string) => void): RecordFormat => ({
  fields: fields({ 'key tag': uint(2), algorithm: uint(1), 'digest type': uint(1), digest: hex }),
  whole,
});
const certificateUse: RecordFormat = {
  fields: fields({ usage: uint(1), selector: uint(1), 'matching type': uint(1), data: hex }),
  whole: tlsaDigest,
};

const FORMATS: Readonly<Record<string, RecordFormat>> = {
  A: one('address', ipv4),
  AAAA: one('address', ipv6),
  NS: one('name server', name),
  CNAME: one('target', name),
  DNAME: one('target', name),
  PTR: one('target', name),
  MX: preferenceAnd('exchange'),
  RT: preferenceAnd('host'),
  KX: preferenceAnd('exchanger'),
  AFSDB: preferenceAnd('host'),
  TXT: one('text', strings),
  SPF: one('text', strings),
  HINFO: { fields: fields({ cpu: string, os: string }) },
  RP: { fields: fields({ mailbox: name, text: name }) },
  SRV: { fields: fields({ priority: uint(2), weight: uint(2), port: uint(2), target: name }) },
  CAA: { fields: fields({ flags: uint(1), tag: caaTag, value: text({ emptyAllowed: true }) }) },
  URI: { fields: fields({ priority: uint(2), weight: uint(2), target: text({ emptyAllowed: false }) }) },
  NAPTR: {
    fields: fields({ order: uint(2), preference: uint(2), flags: naptrFlags, services: string, regexp: naptrSubstitution, replacement: name }),
  },
  LOC: one('location', location),
  SSHFP: { fields: fields({ algorithm: uint(1), 'fingerprint type': uint(1), fingerprint: hex }), whole: sshFingerprint },
  TLSA: certificateUse,
  SMIMEA: certificateUse,
  DS: delegation(dsDigest),
  CDS: delegation(cdsDigest),
  DNSKEY: key,
  CDNSKEY: key,
  CERT: { fields: fields({ type: uint(2), 'key tag': uint(2), algorithm: uint(1), certificate: base64 }) },
  OPENPGPKEY: one('key', base64),
  DHCID: one('digest', base64),
  EUI48: one('address', eui(6)),
  EUI64: one('address', eui(8)),
  SVCB: service,
  HTTPS: service,
};

const BY_NUMBER = new Map(Object.entries(FORMATS).map(([type, format]) => [recordType(type), format]));

export const recordFormat = (type: number): RecordFormat | undefined => BY_NUMBER.get(type);
/** "A", "AAAA"...: the types that have a format of their own. */
export const RECORD_TYPES: readonly string[] = Object.keys(FORMATS);
