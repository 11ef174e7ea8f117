import type { ZoneEntry, ZoneResourceRecord } from '@weft/contracts';
import { decideRecord, type RecordCommand } from './zone-record.decider';
import { recordEtag, recordFold, type RecordState } from './zone-record.state';
import type { ActiveZone } from './zone.state';

const zone: ActiveZone = {
  ...{ status: 'active', id: 'z1', project: 'default', name: 'lab.example', description: '', config: {} },
  ...{ change: 1, serial: 1, primary: 'localhost.', contact: 'hostmaster.lab.example.' },
};
const create = (name: string, entries: ZoneEntry[] = [], others: ZoneResourceRecord[] = [], config = {}): RecordCommand => ({
  ...{ type: 'create', id: 'r1', zone, name, description: '', entries, config, others },
});
const given = (name: string, entries: ZoneEntry[]): RecordState =>
  decideRecord(create(name, entries), recordFold.initial).reduce((state, event) => recordFold.evolve(state, event), recordFold.initial);
const message = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as Error).message;
  }
};
const apexNs: ZoneResourceRecord = { name: 'lab.example.', ttl: 300, type: 'NS', value: 'ns1.' };
const ofInstance: ZoneResourceRecord = { name: 'c1.lab.example.', ttl: 300, type: 'A', value: '10.0.0.2' };

it.each<[string, ZoneEntry[]]>([
  ['www', [{ type: 'A', value: '192.0.2.80' }]],
  [
    'www',
    [
      { type: 'TXT', ttl: 900, value: 'hello world' },
      { type: 'a', value: '192.0.2.80' },
    ],
  ],
  ['@', [{ type: 'MX', value: '10 mail.lab.example.' }]],
  ['', [{ type: 'CAA', value: '0 issue "ca.example"' }]],
  ['a.b', [{ type: 'CNAME', value: 'www.lab.example.' }]],
  ['_sip._tcp', [{ type: 'SRV', value: '0 5 5060 sip.lab.example.' }]],
  ['*', [{ type: 'AAAA', value: '2001:db8::1' }]],
  ['WWW.Lab.Example.', [{ type: 'A', value: '192.0.2.80' }]],
  ['empty', []],
])('"%s" with %j is accepted', (name, entries) => {
  expect(decideRecord(create(name, entries, name === '@' ? [apexNs] : []), recordFold.initial)).toMatchObject([
    { type: 'ZoneRecordCreated', data: { name, entries } },
  ]);
});

it.each<[string, ZoneEntry[], ZoneResourceRecord[], RegExp]>([
  ['b ad', [], [], /Invalid record name "b ad": .*blank/],
  ['bücher', [], [], /xn--/],
  ['a..b', [], [], /empty label/],
  ['x'.repeat(64), [], [], /63 are allowed/],
  ['www.other.example.', [], [], /not in the zone "lab.example"/],
  ['www', [{ type: 'A', value: 'not-an-ip' }], [], /Bad zone record entry: A: address: "not-an-ip" is no IPv4 address/],
  ['www', [{ type: 'NOPE', value: 'x' }], [], /Bad zone record entry: .*NOPE/],
  [
    'www',
    [
      { type: 'A', value: '192.0.2.1' },
      { type: 'A', value: '192.0.2.1' },
    ],
    [],
    /Duplicate record for type "A" and value "192.0.2.1"/,
  ],
  [
    'www',
    [
      { type: 'AAAA', value: '::1' },
      { type: 'aaaa', value: '0:0::1' },
    ],
    [],
    /Duplicate record for type "aaaa"/,
  ],
  ['www', [{ type: 'CNAME', value: 'x' }], [], /"x" is relative: write the full name/],
  [
    'www',
    [
      { type: 'CNAME', value: 'x.lab.example.' },
      { type: 'A', value: '192.0.2.1' },
    ],
    [],
    /is an alias \(CNAME\): it cannot have other records/,
  ],
  [
    'www',
    [
      { type: 'CNAME', value: 'x.' },
      { type: 'CNAME', value: 'y.' },
    ],
    [],
    /several CNAME records/,
  ],
  ['c1', [{ type: 'CNAME', value: 'x.' }], [ofInstance], /it cannot have other records/],
  ['@', [{ type: 'CNAME', value: 'x.' }], [apexNs], /cannot be an alias/],
  ['@', [{ type: 'SOA', value: 'a. b. 1 2 3 4 5' }], [], /SOA record is made/],
  ['sub', [{ type: 'DNAME', value: 'x.' }], [], /write CNAME records instead/],
  ['*', [{ type: 'NS', value: 'ns.' }], [], /wildcard/],
  ['www', [{ type: 'A', ttl: 2 ** 31, value: '192.0.2.1' }], [], /TTL/],
  ['t', Array.from({ length: 250 }, (_, n) => ({ type: 'TXT', value: `${n}${'x'.repeat(250)}` })), [], /more than 48000 octets/],
])('"%s" with %j is refused', (name, entries, others, expected) => {
  expect(message(() => decideRecord(create(name, entries, others), recordFold.initial))).toMatch(expected);
});

it('takes only configuration of the user', () => {
  expect(message(() => decideRecord(create('www', [], [], { foo: 'b' }), recordFold.initial))).toBe('Invalid config option "foo"');
});

it('has the ETags of LXD', () => {
  const etag = (entries: ZoneEntry[], config = {}) => recordEtag({ description: '', entries, config });
  expect(etag([])).toBe('74ce417ec251fc4b4ed978dddd7d71a989cd64b9dee4228f9b152963f4b7ea78');
  expect(etag([{ type: 'A', value: '192.0.2.80' }])).toBe('f65bba44582a3db8afd1c3ef916c0e234e70f859459a5d6aa0e5f5e4eb0d5d8b');
  expect(
    etag(
      [
        { type: 'A', value: '192.0.2.80' },
        { type: 'TXT', ttl: 900, value: 'hello world' },
      ],
      { 'user.a': 'b' },
    ),
  ).toBe('f8a57a4fc07cd669476906871ee54b7d04fb7a8d09d23fbcc4d42e2fd82c13fc');
});

it('is updated and deleted', () => {
  const state = given('www', [{ type: 'A', value: '192.0.2.1' }]);
  expect(decideRecord({ type: 'update', mode: 'merge', config: { 'user.a': 'b' }, others: [] }, state)).toMatchObject([
    { type: 'ZoneRecordUpdated', data: { entries: [{ type: 'A', value: '192.0.2.1' }], config: { 'user.a': 'b' } } },
  ]);
  expect(decideRecord({ type: 'update', mode: 'merge', others: [] }, state)).toEqual([]);
  expect(message(() => decideRecord({ type: 'update', mode: 'replace', ifMatch: 'old', others: [] }, state))).toMatch(/ETag/);
  expect(decideRecord({ type: 'delete' }, state)).toMatchObject([{ type: 'ZoneRecordDeleted', data: { id: 'r1', zoneId: 'z1', name: 'www' } }]);
  expect(message(() => decideRecord({ type: 'delete' }, recordFold.initial))).toBe('Network zone record not found');
});
