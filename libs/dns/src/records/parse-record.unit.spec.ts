import { DnsInputError } from '../errors';
import { parseRecord } from './parse-record';

const hex = (type: string, value: string): string => Buffer.from(parseRecord(type, value).rdata, 'latin1').toString('hex');
const problemOf = (type: string, value: string): string => {
  try {
    parseRecord(type, value);
  } catch (error) {
    if (error instanceof DnsInputError) return `${error.problem}: ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('record values', () => {
  it.each([
    ['A', '192.0.2.80', 'c0000250', '192.0.2.80'],
    ['AAAA', '2001:DB8::0:1', '20010db8000000000000000000000001', '2001:db8::1'],
    ['AAAA', '::ffff:192.0.2.1', '00000000000000000000ffffc0000201', '::ffff:c000:201'],
    ['CNAME', 'Www.lab.example.', '03577777036c6162076578616d706c6500', 'Www.lab.example.'],
    ['mx', '10 mail.', '000a046d61696c00', '10 mail.'],
    ['MX', '0 .', '000000', '0 .'],
    ['TXT', '"v=spf1 -all" two', '0b763d73706631202d616c6c0374776f', '"v=spf1 -all" "two"'],
    ['TXT', '"a\\"b;\\200ü"', '07' + '6122623bc8c3bc', '"a\\"b;\\200\\195\\188"'],
    ['TXT', '""', '00', '""'],
    ['SRV', '0 5 443 a.b.', '0000000501bb0161016200', '0 5 443 a.b.'],
    ['CAA', '0 issue "ca.example"', '00056973737565' + '63612e6578616d706c65', '0 issue "ca.example"'],
    ['SSHFP', '4 2 ' + 'ab'.repeat(32), '0402' + 'ab'.repeat(32), '4 2 ' + 'AB'.repeat(32)],
    [
      'DS',
      '60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118',
      'ec4505012bb183af5f22588179a53b0a98631fad1a292118',
      '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
    ],
    ['NAPTR', '100 50 "s" "z3950+I2L" "" _z.tcp.', '00640032017309' + '7a333935302b49324c' + '00' + '025f7a0374637000', '100 50 "s" "z3950+I2L" "" _z.tcp.'],
    ['TYPE65280', '\\# 3 0aBC dd', '0abcdd', '\\# 3 0ABCDD'],
    ['TYPE1', '\\# 4 c0000201', 'c0000201', '192.0.2.1'],
    ['HTTPS', '1 . alpn=h2,h3 port=8443', '000100' + '00010006026832026833' + '0003000220fb', '1 . alpn=h2,h3 port=8443'],
    ['HTTPS', '1 . port=8443 alpn="h2,h3"', '000100' + '00010006026832026833' + '0003000220fb', '1 . alpn=h2,h3 port=8443'],
    ['HTTPS', '0 a.', '0000016100', '0 a.'],
    ['EUI48', '00-00-5e-00-53-2a', '00005e00532a', '00-00-5e-00-53-2a'],
    ['URI', '10 1 "ftp://f"', '000a00016674703a2f2f66', '10 1 "ftp://f"'],
    [
      'LOC',
      '52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m',
      '0000' + '1613' + '8b3cbe18' + '8110c800'.replace('8110c800', '810cb360') + '00989' + '5b8',
      undefined,
    ],
  ])('%s %s', (type, value, wire, canonical) => {
    const parsed = parseRecord(type, value);
    if (canonical === undefined) {
      expect(parseRecord(type, parsed.value)).toEqual(parsed);
      return;
    }
    expect(hex(type, value)).toBe(wire);
    expect(parsed.value).toBe(canonical);
    expect(parseRecord(type, canonical)).toEqual(parsed);
  });

  it('splits a text that is too long for one string', () => {
    expect(parseRecord('TXT', `"${'k'.repeat(300)}"`).value).toBe(`"${'k'.repeat(255)}" "${'k'.repeat(45)}"`);
  });

  it.each([
    ['A', '192.0.2', 'value.bad-field: A: address: "192.0.2" is no IPv4 address'],
    ['A', '192.0.2.1 x', 'value.extra-field: A: "x" is more than the record has fields'],
    ['A', '', 'value.missing-field: A: address: it is missing'],
    ['CNAME', 'www', 'name.relative: CNAME: target: "www" is relative: write the full name and end it with a dot, as in "www."'],
    ['CNAME', '@', 'name.relative: CNAME: target: write the full name of the zone with a final dot instead of "@"'],
    ['CNAME', 'a\\.', 'name.relative'],
    [
      'CNAME',
      'bücher.example.',
      'name.not-ascii: CNAME: target: "bücher.example." has characters outside of ASCII; write internationalized names as A-labels (xn--...)',
    ],
    ['CNAME', `${'a'.repeat(64)}.`, 'name.label-too-long'],
    ['CNAME', `${`${'a'.repeat(63)}.`.repeat(4)}`, 'name.too-long'],
    ['CNAME', 'a..b.', 'name.empty-label'],
    ['MX', 'x mail.', 'value.bad-field: MX: preference: "x" is no whole number from 0 to 65535'],
    ['MX', '65536 mail.', 'value.bad-field'],
    ['TXT', '"open', 'value.syntax: a quotation mark is not closed'],
    ['TXT', 'a ; comment', 'value.syntax'],
    ['TXT', 'a\nb', 'value.syntax'],
    ['TXT', '', 'value.missing-field'],
    ['SOA', 'a. b. 1 2 3 4 5', 'type.made-by-the-zone'],
    ['RRSIG', 'x', 'type.made-by-the-zone'],
    ['ANY', 'x', 'type.not-data'],
    ['TYPE41', '\\# 0', 'type.not-data'],
    ['TYPE55', '\\# 0', 'type.unknown'],
    ['FOO', 'x', 'type.unknown'],
    ['toString', 'x', 'type.unknown'],
    ['TYPE1', '\\# 3 c00002', 'value.bad-field'],
    ['TYPE15', '\\# 4 000ac00c', 'value.bad-field'],
    ['TYPE65280', 'x', 'value.syntax'],
    ['TYPE65280', '\\# 2 00', 'value.bad-field'],
    ['SSHFP', '4 2 abcd', 'value.bad-field: SSHFP: data: a fingerprint of type 2 has 32 octets, not 2'],
    ['HTTPS', '1 . no-default-alpn', 'value.bad-field'],
    ['HTTPS', '1 . mandatory=port', 'value.bad-field'],
    ['NAPTR', '1 1 "u" "x" "!a!b" .', 'value.bad-field'],
    ['NAPTR', '1 1 "u" "x" "!a(b)!\\\\2!" .', 'value.bad-field'],
    ['CAA', '0 is-sue "x"', 'value.bad-field'],
  ])('refuses %s %s', (type, value, problem) => {
    expect(problemOf(type, value)).toContain(problem);
  });
});
