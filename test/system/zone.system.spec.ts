/** Network zones under the stock client: records, history, names of instances, the resolver of guests. */
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import type { ZoneResourceRecord } from '@weft/contracts';
import { MemoryZoneSource, startDnsServer, type DnsServer } from '@weft/dns';
import { TestZone } from '@weft/dns/testing/test-zone';
import { freePort } from '@weft/embedded';
import { eventually } from '@weft/testing';
import { startPlatform, type Platform } from './platform';
import { lines, reverseZone, zoneWorld } from './zone-world';

let weft: Platform;
let port: number;

beforeAll(async () => {
  port = await freePort();
  weft = await startPlatform({ env: { WEFT_DNS_ADDRESS: `127.0.0.1:${port}` } });
}, 240_000);
afterAll(() => weft?.stop(), 120_000);

const world = zoneWorld(
  () => weft,
  () => port,
);
const { zone, refused, dig, short, serial, content, api } = world;

describe('zones and records', () => {
  it('creates, lists, shows, edits and deletes zones', async () => {
    await zone('create', 'z.example', 'peers.ns1.address=127.0.0.1', 'dns.nameservers=ns1.z.example', 'user.x=1');
    await zone('create', '0.10.10.in-addr.arpa');
    await zone('create', 'a/b');
    expect(await refused('create', 'z.example')).toContain('The network zone already exists');
    expect(await refused('create', 'y.example', 'foo=bar')).toContain('Invalid config option "foo"');
    expect(await refused('create', 'y.example', 'peers.ns1.address=nothost')).toContain(
      'Invalid value for config option "peers.ns1.address": Not an IP address "nothost"',
    );
    await zone('set', 'z.example', 'dns.nameservers=ns1.z.example,ns2.z.example');
    expect(await zone('get', 'z.example', 'dns.nameservers')).toBe('ns1.z.example,ns2.z.example\n');
    await weft.ok(['network', 'zone', 'edit', 'z.example'], { input: 'description: edited\nconfig: {user.x: "2"}\n' });
    expect(await zone('show', 'z.example')).toBe('description: edited\nconfig:\n  user.x: "2"\nname: z.example\nused_by: []\n');
    expect(await zone('list', '-f', 'csv')).toBe('0.10.10.in-addr.arpa,,0\na/b,,0\nz.example,edited,0\n');
    await zone('delete', 'a/b');
    await zone('delete', '0.10.10.in-addr.arpa');
    expect(await refused('show', 'a/b')).toContain('Network zone not found');
  });

  it('creates records and their entries, and answers for them', async () => {
    await zone('record', 'create', 'z.example', 'www');
    await zone('record', 'entry', 'add', 'z.example', 'www', 'A', '192.0.2.80');
    await zone('record', 'entry', 'add', 'z.example', 'www', 'TXT', 'hello world', '--ttl', '900');
    expect(await refused('record', 'create', 'z.example', 'www')).toContain('already exists');
    expect(await refused('record', 'entry', 'add', 'z.example', 'www', 'A', '192.0.2.80')).toContain('Duplicate record for type "A" and value "192.0.2.80"');
    expect(await refused('record', 'entry', 'add', 'z.example', 'www', 'A', 'not-an-ip')).toContain('Bad zone record entry');
    expect(await refused('record', 'entry', 'add', 'z.example', 'www', 'CNAME', 'x.example.')).toContain('it cannot have other records');
    expect(await refused('record', 'create', 'z.example', 'b ad')).toContain('Invalid record name');
    await zone('record', 'create', 'z.example', '@');
    await zone('record', 'entry', 'add', 'z.example', '@', 'MX', '10 mail.z.example.');
    expect(await zone('record', 'show', 'z.example', 'www')).toBe(
      'description: ""\nentries:\n- type: A\n  value: 192.0.2.80\n- type: TXT\n  ttl: 900\n  value: hello world\nconfig: {}\nname: www\n',
    );
    await eventually(async () => (await short('z.example', 'MX')).length === 1);
    expect(await short('www.z.example', 'A')).toEqual(['192.0.2.80']);
    expect(await short('www.z.example', 'TXT')).toEqual(['"hello" "world"']);
    expect(await short('z.example', 'MX')).toEqual(['10 mail.z.example.']);
    expect(await dig('none.z.example')).toMatch(/status: NXDOMAIN[^]*SOA/);
    await zone('record', 'set', 'z.example', 'www', 'user.a=b');
    await zone('record', 'entry', 'remove', 'z.example', 'www', 'TXT', 'hello world');
    await zone('record', 'delete', 'z.example', '@');
    expect(await zone('record', 'list', 'z.example', '-f', 'csv')).toBe('www,,A 192.0.2.80\n');
    await eventually(async () => (await short('z.example', 'MX')).length === 0);
  });

  it('remembers what it served: as of a serial, between two, as a file', async () => {
    const before = await serial('z.example');
    await zone('record', 'entry', 'add', 'z.example', 'www', 'A', '192.0.2.81');
    const after = before + 1;
    await eventually(async () => (await serial('z.example')) === after);
    expect(lines(await content('z.example', `?serial=${before}`))).not.toContain('www.z.example. 300 A 192.0.2.81');
    expect(lines(await content('z.example'))).toContain('www.z.example. 300 A 192.0.2.81');
    const difference = await weft.query<{ added: ZoneResourceRecord[]; removed: unknown[]; changes: unknown[] }>(
      `/1.0/network-zones/z.example/diff?from=${before}&to=${after}`,
    );
    expect(difference).toMatchObject({
      removed: [],
      added: [{ name: 'www.z.example.', type: 'A', value: '192.0.2.81' }],
      changes: [{ serial: after, added: 1 }],
    });
    const file = await weft.query<string>('/1.0/network-zones/z.example/export');
    expect(file).toMatch(new RegExp(`z\\.example\\.\\t3600\\tIN\\tSOA\\t\\S+ \\S+ ${after} `));
    const asked = { socketPath: join(weft.dir, 'unix.socket'), path: '/1.0/network-zones/z.example/export', headers: { accept: 'text/dns' } };
    const plain = await new Promise<IncomingMessage>((resolve, reject) => get(asked, resolve).on('error', reject));
    expect(plain.headers['content-type']).toMatch(/^text\/dns/);
    expect(await text(plain)).toBe(file);
    expect(await weft.refused(['query', '/1.0/network-zones/z.example/content?serial=4000'])).toContain('never had the serial 4000');
  });

  it('remembers what it served at a time', async () => {
    const before = await content('z.example');
    await zone('record', 'create', 'z.example', 'late');
    await zone('record', 'entry', 'add', 'z.example', 'late', 'A', '192.0.2.90');
    const after = await content('z.example');
    expect(lines(await content('z.example', `?at=${after.at}`))).toContain('late.z.example. 300 A 192.0.2.90');
    // Between two changes the earlier one holds.
    const between = new Date(Date.parse(after.at) - 1).toISOString();
    expect(await content('z.example', `?at=${between}`)).toEqual(before);
    expect(await weft.query<string>(`/1.0/network-zones/z.example/export?at=${between}`)).not.toContain('late');
    await zone('record', 'delete', 'z.example', 'late');
    expect(lines(await content('z.example', `?at=${after.at}`))).toContain('late.z.example. 300 A 192.0.2.90');
    const refusedQuery = (query: string) => weft.refused(['query', `/1.0/network-zones/z.example/${query}`]);
    expect(await refusedQuery('content?at=2001-01-01T00:00:00Z')).toContain('had no content then');
    expect(await refusedQuery('content?at=yesterday')).toContain('no time such as 2026-01-31T12:00:00Z');
    expect(await refusedQuery('content?at=2026-01-31T12:00:00Z&serial=1')).toContain('a serial or a time, not both');
    expect(await refusedQuery('diff')).toContain('Add ?from=<serial>');
    expect(await refusedQuery(`diff?from=${after.serial}&to=${before.serial}`)).toContain('exchange from and to');
  });

  it('takes internationalized names as DNS has them, and says so otherwise', async () => {
    await zone('create', 'xn--bcher-kva.example');
    await zone('record', 'create', 'xn--bcher-kva.example', 'xn--caf-dma');
    await zone('record', 'entry', 'add', 'xn--bcher-kva.example', 'xn--caf-dma', 'CNAME', 'xn--mnchen-3ya.example.');
    await eventually(async () => (await short('xn--caf-dma.xn--bcher-kva.example', 'CNAME'))[0] === 'xn--mnchen-3ya.example.');
    expect(await refused('create', 'bücher.example')).toContain('write internationalized names as A-labels (xn--...)');
    expect(await refused('record', 'create', 'z.example', 'café')).toContain('A-labels (xn--...)');
    expect(await refused('record', 'entry', 'add', 'z.example', 'www', 'MX', '1 münchen.example.')).toContain('A-labels (xn--...)');
    expect(await api('POST', '/1.0/network-zones', { name: 'bücher.example' })).toBe(400);
    expect(await api('POST', '/1.0/network-zones/z.example/records', { name: 'café' })).toBe(400);
    await zone('delete', 'xn--bcher-kva.example');
  });

  it('hands zones to peers by address and by key, whole and as differences', async () => {
    const key = Buffer.alloc(32, 5).toString('base64');
    await zone('create', 'plain.example', 'peers.ns1.address=127.0.0.1');
    await zone('create', 'keyed.example', `peers.ns1.key=${key}`, 'peers.ns1.address=127.0.0.1');
    await zone('create', 'far.example', 'peers.ns1.address=192.0.2.53');
    for (const [name, ...how] of [['plain.example'], ['keyed.example', '-y', `hmac-sha512:keyed.example_ns1:${key}`]] as const) {
      const before = await eventually(() => serial(name));
      await zone('record', 'create', name, 'www');
      await zone('record', 'entry', 'add', name, 'www', 'A', '192.0.2.80');
      await eventually(async () => (await serial(name)) === before + 1);
      expect(await dig(name, 'AXFR', ...how)).toMatch(/www\S+\s+300\s+IN\s+A\s+192\.0\.2\.80\n[^]*XFR size: 4 records/);
      // The new SOA, the old one, the new one, what came, the new one.
      expect(await dig(name, `IXFR=${before}`, ...how)).toMatch(/XFR size: 5 records/);
    }
    expect(await dig('keyed.example', 'AXFR')).toContain('Transfer failed');
    expect(await dig('far.example', 'IXFR=1', '+tcp')).toContain('Transfer failed');
    const refusals = (name: string) => weft.query<{ reason: string; explanation: string; address: string }[]>(`/1.0/network-zones/${name}/refusals`);
    const missing = await eventually(async () => (await refusals('keyed.example')).find(({ reason }) => reason === 'key-missing'));
    const foreign = await eventually(async () => (await refusals('far.example'))[0]);
    expect(foreign).toMatchObject({ reason: 'address-not-allowed', address: '127.0.0.1' });
    const log = readFileSync(join(weft.dir, 'log', 'dns-svc.log'), 'utf8');
    for (const { explanation } of [missing, foreign]) expect(log).toContain(JSON.stringify(explanation));
    for (const name of ['plain', 'keyed', 'far']) await zone('delete', `${name}.example`);
  });
});

it('publishes what runs on a network, forward and back, while it runs', async () => {
  const reverse = reverseZone(await weft.ok(['network', 'get', 'default', 'ipv4.address']));
  await zone('create', 'net.example');
  await zone('create', reverse);
  expect(await weft.refused(['network', 'set', 'default', 'dns.zone.forward=missing.example'])).toContain('Network zone "missing.example" doesn\'t exist');
  await weft.ok(['network', 'set', 'default', 'dns.zone.forward=net.example', `dns.zone.reverse.ipv4=${reverse}`]);
  await weft.ok(['launch', 'tiny', 'n1', '-n', 'default']);
  const address = await eventually(async () => (await short('n1.net.example', 'A'))[0]);
  await eventually(async () => (await short('-x', address))[0] === 'n1.net.example.');
  expect(await short('default.gw.net.example', 'A')).toHaveLength(1);
  expect(await zone('list', '-f', 'csv')).toContain('net.example,,1');
  expect(await refused('delete', 'net.example')).toContain('Cannot delete a zone that is in use');
  await weft.ok(['stop', '-f', 'n1']);
  await eventually(async () => (await short('n1.net.example', 'A')).length === 0 && (await short('-x', address)).length === 0);
  await weft.ok(['delete', 'n1']);
  await weft.ok(['network', 'unset', 'default', 'dns.zone.forward']);
  await weft.ok(['network', 'unset', 'default', 'dns.zone.reverse.ipv4']);
  await eventually(async () => (await serial('net.example')) > 1 && (await content('net.example')).records.length === 1);
  await zone('delete', 'net.example');
  await zone('delete', reverse);
}, 120_000);

it('does what the guide says, typed as it stands', async () => {
  const guide = readFileSync(join(__dirname, '../../docs/guides/network-zones.md'), 'utf8');
  const script = [...guide.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block).join('');
  const { stdout } = await execa('bash', ['-euc', script.replaceAll('-p 5353', `-p ${port}`)], { env: weft.env, stdin: 'ignore', timeout: 60_000 });
  // Signed and unsigned AXFR, and a difference.
  expect(stdout.match(/XFR size: /g)).toHaveLength(3);
  expect(await short('80.0/25.2.0.192.in-addr.arpa', 'PTR')).toEqual(['www.lab.example.']);
  expect(await short('-x', '192.0.2.80')).toEqual(['80.0/25.2.0.192.in-addr.arpa.']);
  expect(await dig('1.0/25.2.0.192.in-addr.arpa', 'PTR')).toContain('status: NXDOMAIN');
  const router = await eventually(async () => (await short('default.gw.lab.example', 'A'))[0]);
  await eventually(async () => (await short('-x', router))[0] === 'default.gw.lab.example.');
  await weft.ok(['network', 'unset', 'default', 'dns.zone.forward']);
  await weft.ok(['network', 'unset', 'default', 'dns.zone.reverse.ipv4']);
}, 120_000);

describe('guests and their resolver', () => {
  /** Name servers of uplinks are at port 53. */
  const FOREIGN = '127.53.0.2';
  const RESOLVER = '169.254.169.253';
  let foreign: DnsServer;
  let initPid: number;
  beforeAll(async () => {
    const source = new MemoryZoneSource();
    source.put(new TestZone('example.org', ['www 60 A 203.0.113.1', ...Array.from({ length: 80 }, (_, index) => `big 60 A 10.0.0.${index}`)]).served());
    foreign = await startDnsServer({ source, listen: [{ address: FOREIGN, port: 53 }], report: () => undefined });
    await weft.ok(['network', 'set', 'UPLINK', `dns.nameservers=${FOREIGN}`]);
    for (const name of ['g1', 'g2']) await weft.ok(['launch', 'tiny', name, '-n', 'default']);
    initPid = (await weft.query<{ pid: number }>('/1.0/instances/g1/state')).pid;
    await zone('create', 'guests.example');
    await zone('record', 'create', 'guests.example', 'www');
    await zone('record', 'entry', 'add', 'guests.example', 'www', 'A', '192.0.2.80');
    await weft.ok(['project', 'create', 'tenant', '-c', 'features.networks=true']);
    await weft.ok(['network', 'zone', 'create', 'secret.example', '--project', 'tenant']);
  }, 120_000);
  afterAll(async () => {
    await weft.ok(['delete', '-f', 'g1', 'g2']);
    await foreign?.close();
  }, 60_000);

  /** dig(1), which sends EDNS, from where the guest is. */
  const digInside = async (...args: string[]): Promise<string> =>
    (await execa('nsenter', [`--net=/proc/${initPid}/ns/net`, 'dig', `@${RESOLVER}`, '+time=2', '+tries=2', ...args], { reject: false })).stdout;
  const shortInside = async (...args: string[]): Promise<string> => (await digInside('+short', ...args)).trim();

  it('learn of it by DHCP, and find each other', async () => {
    expect(await weft.ok(['exec', 'g1', '--', 'cat', '/etc/resolv.conf'])).toContain(`nameserver ${RESOLVER}`);
    const address = await eventually(async () => shortInside('g2.lxd'), { what: 'the name of a neighbour' });
    expect(await weft.ok(['exec', 'g1', '--', 'nslookup', 'g2.lxd'])).toContain(address);
    expect(await shortInside('-x', address)).toBe('g2.lxd.');
    expect(await digInside('g2.lxd')).toMatch(/flags: qr aa rd ra;[^]*EDNS: version: 0/);
    expect(await digInside('nobody.lxd')).toContain('status: NXDOMAIN');
  });

  it('see zones of their project, and foreign names as the uplink does', async () => {
    await eventually(async () => (await shortInside('www.guests.example')) === '192.0.2.80');
    expect(await digInside('secret.example', 'SOA')).toContain('status: REFUSED');
    expect(await shortInside('www.example.org')).toBe('203.0.113.1');
    expect((await shortInside('big.example.org')).split('\n')).toHaveLength(80);
  });

  it('are answered again at once when its parts are killed', async () => {
    for (const part of ['dns-svc', 'agent-host1']) {
      process.kill(weft.pid(part), 'SIGKILL');
      await eventually(async () => (await shortInside('www.example.org')) === '203.0.113.1', { timeoutMs: 30_000, what: `an answer after the end of ${part}` });
    }
  }, 90_000);
});
