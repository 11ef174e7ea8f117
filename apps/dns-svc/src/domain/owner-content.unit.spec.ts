import type { ZoneResourceRecord } from '@weft/contracts';
import { apexOf, ownerContent } from './owner-content';

const record = (type: string, value: string, ttl = 300, name = 'c1.lab.example.'): ZoneResourceRecord => ({ name, ttl, type, value });

it('joins what users and instances publish, once each, with one TTL and one spelling', () => {
  const custom = [record('A', '10.0.0.1', 60, 'C1.lab.example.'), record('TXT', '"x"')];
  const generated = [record('A', '10.0.0.1'), record('A', '10.0.0.2')];
  expect(ownerContent({ own: [], custom, generated })).toEqual([
    record('A', '10.0.0.1', 60, 'C1.lab.example.'),
    record('A', '10.0.0.2', 60, 'C1.lab.example.'),
    record('TXT', '"x"', 300, 'C1.lab.example.'),
  ]);
});

it('lets nothing stand beside an alias', () => {
  const alias = record('CNAME', 'x.');
  expect(ownerContent({ own: [], custom: [alias], generated: [record('A', '10.0.0.1')] })).toEqual([alias]);
});

it('has a name server always, because secondaries refuse a zone without one', () => {
  expect(apexOf('lab.example.', {})).toEqual({
    primary: 'localhost.',
    contact: 'hostmaster.lab.example.',
    own: [record('NS', 'localhost.', 300, 'lab.example.')],
  });
  expect(apexOf('lab.example.', { 'dns.nameservers': 'ns1.lab.example, ns2.lab.example.', 'dns.contact': 'first.last@lab.example' })).toEqual({
    primary: 'ns1.lab.example.',
    contact: 'first\\.last.lab.example.',
    own: [record('NS', 'ns1.lab.example.', 300, 'lab.example.'), record('NS', 'ns2.lab.example.', 300, 'lab.example.')],
  });
});
