/** What guests of a network hear, from a replica behind NATS: instances, zones of their project, and other name servers. */
import { headers } from '@nats-io/transport-node';
import { dnsQuestionHeaders, dnsQuestionSubject } from '@weft/contracts';
import { MemoryZoneSource, startDnsServer, type DnsServer } from '@weft/dns';
import { TestZone } from '@weft/dns/testing/test-zone';
import { eventually } from '@weft/testing';
import { decode, encode, RECURSION_DESIRED, type RecordType } from 'dns-packet';
import type { Running } from '../composition';
import { startReplica, Surroundings } from '../testing/dns-under-test';

/** Name servers of uplinks are at port 53; the loopback network has addresses enough. */
const FOREIGN = '127.53.0.1';

let around: Surroundings;
let replica: Running;
let foreign: DnsServer;

beforeAll(async () => {
  around = await Surroundings.start();
  replica = await startReplica(around);
  const source = new MemoryZoneSource();
  source.put(new TestZone('example.org', ['www 60 A 203.0.113.1']).served());
  foreign = await startDnsServer({ source, listen: [{ address: FOREIGN, port: 53 }], report: () => undefined });
  await around.project('tenant', { 'features.networks': 'true' });
  await around.network('UPLINK', { 'dns.nameservers': FOREIGN });
  await around.network('blue', { 'network': 'UPLINK', 'ipv4.address': '10.1.1.1/24' }); // prettier-ignore
  await around.network('red', { 'network': 'UPLINK', 'ipv4.address': '10.1.1.1/24', 'dns.domain': 'red.test' }); // prettier-ignore
  await around.port('PortActivated', 'c1', 'blue', ['10.1.1.2'], ['fd42::2']);
  await around.port('PortActivated', 'c2', 'red', ['10.1.1.2']);
  await around.send('zone.create', { name: 'lab.example', description: '', config: {} });
  const entries = [{ type: 'A' as const, value: '192.0.2.80' }];
  await around.send('zone-record.create', { zone: 'lab.example', name: 'www', description: '', entries, config: {} });
  await around.send('zone-record.create', {
    zone: 'lab.example',
    name: 'out',
    description: '',
    entries: [{ type: 'CNAME', value: 'www.example.org.' }],
    config: {},
  });
  await around.send('zone.create', { name: 'secret.example', description: '', config: {} }, { project: 'tenant' });
  await eventually(async () => (await ask('blue', 'c1.lxd')) !== 'NXDOMAIN', { what: 'a port' });
}, 60_000);
afterAll(async () => {
  await foreign?.close();
  await replica?.close();
  await around?.stop();
});

/** Data of the answers, or the response code. */
async function ask(network: string, name: string, type: RecordType = 'A'): Promise<string> {
  const about = headers();
  about.set(dnsQuestionHeaders.network, network);
  about.set(dnsQuestionHeaders.transport, 'udp');
  const question = encode({ type: 'query', id: 1, flags: RECURSION_DESIRED, questions: [{ type, class: 'IN', name }] });
  const reply = await around.client.request(dnsQuestionSubject, question, { timeout: 10_000, headers: about });
  const { answers, rcode } = decode(Buffer.from(reply.data)) as ReturnType<typeof decode> & { rcode: string };
  return answers?.length ? answers.map((record) => ('data' in record ? String(record.data) : '')).join(' ') : rcode;
}

it('knows instances of the network by name and by address, and of no other network', async () => {
  expect(await ask('blue', 'c1.lxd')).toBe('10.1.1.2');
  expect(await ask('blue', 'C1.LXD', 'AAAA')).toBe('fd42::2');
  expect(await ask('red', 'c2.red.test', 'AAAA')).toBe('NOERROR');
  expect(await ask('blue', 'c2.lxd')).toBe('NXDOMAIN');
  expect(await ask('blue', 'c2.red.test')).toBe('REFUSED');
  expect(await ask('red', 'c2.red.test')).toBe('10.1.1.2');
  expect(await ask('blue', '2.1.1.10.in-addr.arpa', 'PTR')).toBe('c1.lxd');
  expect(await ask('red', '2.1.1.10.in-addr.arpa', 'PTR')).toBe('c2.red.test');
});

it('knows zones of its project alone, and follows their aliases', async () => {
  await eventually(async () => (await ask('blue', 'www.lab.example')) === '192.0.2.80', { what: 'the record' });
  expect(await ask('blue', 'out.lab.example')).toBe('www.example.org 203.0.113.1');
  expect(await ask('blue', 'none.lab.example')).toBe('NXDOMAIN');
  expect(await ask('blue', 'secret.example', 'SOA')).toBe('REFUSED');
});

it('asks the name servers of the uplink about everything else', async () => {
  expect(await ask('blue', 'www.example.org')).toBe('203.0.113.1');
  expect(await ask('blue', 'none.example.org')).toBe('NXDOMAIN');
  expect(await ask('missing', 'www.example.org')).toBe('REFUSED');
});

it('forgets an instance that has stopped', async () => {
  await around.port('PortDeactivated', 'c2', 'red', ['10.1.1.2']);
  await eventually(async () => (await ask('red', 'c2.red.test')) === 'NXDOMAIN', { what: 'no such name' });
});
