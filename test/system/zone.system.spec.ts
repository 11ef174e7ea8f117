/** Network zones under the stock client, and four real name servers that follow them. */
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { ZoneResourceRecord } from '@weft/contracts';
import { MemoryZoneSource, startDnsServer, type DnsServer } from '@weft/dns';
import { startSecondaries, zoneRecords, type Secondaries, type SecondaryKind } from '@weft/dns/testing/secondaries';
import { TestZone } from '@weft/dns/testing/test-zone';
import { freePort } from '@weft/embedded';
import { eventually } from '@weft/testing';
import { startPlatform, type Platform } from './platform';

const KINDS: readonly SecondaryKind[] = ['bind', 'knot', 'nsd', 'pdns'];
const CHANGES = 200;
const PAUSES = 8;
const ZONE = 'lab.example';
const secret = randomBytes(32).toString('base64');

let weft: Platform;
let port: number;
const secondaries = new Map<SecondaryKind, Secondaries>();

beforeAll(async () => {
  port = await freePort();
  weft = await startPlatform({ env: { WEFT_DNS_ADDRESS: `127.0.0.1:${port}` } });
}, 240_000);
afterAll(async () => {
  for (const one of secondaries.values()) await one.stop();
  await weft?.stop();
}, 120_000);

const zone = (...args: string[]) => weft.ok(['network', 'zone', ...args]);
const refused = (...args: string[]) => weft.refused(['network', 'zone', ...args]);
const dig = async (...args: string[]): Promise<string> =>
  (await execa('dig', ['@127.0.0.1', '-p', String(port), '+time=5', ...args], { reject: false })).stdout;
const short = async (...args: string[]): Promise<string[]> => (await dig('+short', ...args)).split('\n').filter(Boolean).sort();
const serial = async (name: string): Promise<number> => Number((await short(name, 'SOA'))[0]?.split(' ')[2]);

interface Content {
  serial: number;
  records: ZoneResourceRecord[];
}
const content = (name: string, point = '') => weft.query<Content>(`/1.0/network-zones/${name}/content${point}`);
/** As `dig` writes them. */
const lines = ({ records }: Content): string[] => records.map(({ name, ttl, type, value }) => `${name.toLowerCase()} ${ttl} ${type} ${value}`).sort();
const withoutSoa = (records: readonly string[]): string[] => records.filter((line) => !/ SOA /.test(line));

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
    expect(await weft.refused(['query', '/1.0/network-zones/z.example/content?serial=4000'])).toContain('never had the serial 4000');
  });
});

/** `10.1.2.1/24` -> `2.1.10.in-addr.arpa` */
const reverseZone = (cidr: string): string => `${cidr.split('.').slice(0, 3).reverse().join('.')}.in-addr.arpa`;

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

/** 200 changes of custom records, over the API that the stock client uses. */
function api(method: string, path: string, body?: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: join(weft.dir, 'unix.socket'), method, path, headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject).end(body ? JSON.stringify(body) : undefined);
  });
}

async function randomChange(known: Set<string>): Promise<void> {
  const name = `r${randomInt(40)}`;
  const path = `/1.0/network-zones/${ZONE}/records`;
  const entries = Array.from({ length: randomInt(1, 4) }, (_, n) => ({
    type: 'A',
    value: `10.${randomInt(256)}.${randomInt(256)}.${n}`,
    ttl: 60 * randomInt(1, 3),
  }));
  if (!known.has(name)) expect(await api('POST', path, { name, entries: randomInt(2) ? entries : [{ type: 'CNAME', value: `r0.${ZONE}.` }] })).toBe(201);
  else if (randomInt(3) === 0) expect(await api('DELETE', `${path}/${name}`)).toBe(200);
  else {
    expect(await api('PUT', `${path}/${name}`, { entries })).toBe(200);
    return;
  }
  if (!known.delete(name)) known.add(name);
}

interface Transfer {
  what: string;
  outcome: string;
  zone: string;
  key?: string;
}

const transfers = (): Transfer[] =>
  readFileSync(join(weft.dir, 'log', 'dns-svc.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"transfer"'))
    .map((line) => JSON.parse(line) as Transfer)
    .filter(({ what, zone: name }) => what !== 'up-to-date' && name === `${ZONE}.`);

describe('BIND, Knot, NSD and PowerDNS follow a zone', () => {
  const keyName = (kind: SecondaryKind) => `${ZONE}_${kind}`;
  /** Custom records that there are. */
  const known = new Set<string>();

  beforeAll(async () => {
    await zone('create', ZONE, ...KINDS.map((kind) => `peers.${kind}.key=${secret}`));
    await Promise.all(
      KINDS.map(async (kind) => {
        const key = { name: keyName(kind), algorithm: 'hmac-sha256', secretBase64: secret };
        secondaries.set(kind, await startSecondaries({ zones: [ZONE], primary: { address: '127.0.0.1', port }, key }, [kind]));
      }),
    );
    const places = KINDS.flatMap((kind) => [`peers.${kind}.address=127.0.0.1`, `peers.${kind}.port=${secondaries.get(kind)!.all[0]!.port}`]);
    await zone('set', ZONE, ...places);
  }, 120_000);

  /** All four hold what a fold of the log gives, at its serial; and so does our own transfer. */
  async function agree(): Promise<Content> {
    const wanted = await content(ZONE);
    for (const [kind, one] of secondaries) {
      await one.haveSerial(ZONE, wanted.serial);
      expect({ kind, records: withoutSoa((await one.records(ZONE))[kind] ?? []) }).toEqual({ kind, records: lines(wanted) });
    }
    const own = await zoneRecords(port, ZONE, ['-y', `hmac-sha256:${keyName('bind')}:${secret}`]);
    expect(withoutSoa(own)).toEqual(lines(wanted));
    return wanted;
  }

  it(`through ${CHANGES} random changes, with the service killed in the middle`, async () => {
    await agree();
    for (let pause = 0; pause < PAUSES; pause++) {
      for (let change = 0; change < CHANGES / PAUSES; change++) {
        if (pause === PAUSES / 2 && change === 10) process.kill(weft.pid('dns-svc'), 'SIGKILL');
        await randomChange(known);
      }
      await agree();
    }
    for (const kind of KINDS) {
      const differences = transfers().filter(({ what, key }) => what === 'ixfr' && key === `${keyName(kind)}.`);
      expect({ kind, enough: differences.length >= PAUSES / 2 }).toEqual({ kind, enough: true });
    }
  }, 300_000);

  it('whenever the service dies between a change and the end of its transfers', async () => {
    for (const delayMs of [0, 15, 40, 100, 250]) {
      const before = weft.pid('dns-svc');
      await randomChange(known);
      // Any moment will do: the change is on its way to NOTIFY, four transfers begin, go on or have just ended.
      await sleep(delayMs);
      process.kill(before, 'SIGKILL');
      await eventually(() => weft.pid('dns-svc') !== before, { timeoutMs: 30_000, what: 'another dns-svc' });
      await agree();
    }
  }, 120_000);

  it('as checkers of zones and other clients like it', async () => {
    const file = join(weft.dir, 'exported.zone');
    writeFileSync(file, await weft.query<string>(`/1.0/network-zones/${ZONE}/export`));
    expect((await execa('named-checkzone', ['-k', 'ignore', '-i', 'local', ZONE, file])).stdout).toMatch(/OK$/);
    expect((await execa('ldns-read-zone', ['-c', file])).stdout).toContain(`${ZONE}.\t`);
    const key = `hmac-sha256:${keyName('knot')}:${secret}`;
    const kdig = await execa('kdig', ['@127.0.0.1', '-p', String(port), '-y', key, ZONE, 'AXFR']);
    expect(kdig.stdout).not.toMatch(/;; (WARNING|ERROR)/);
    // The SOA is at both ends (RFC 5936).
    expect(kdig.stdout).toContain(`${(await content(ZONE)).records.length + 2} records`);
  });

  it('transfers nothing when nothing changes', async () => {
    const before = await agree();
    const count = transfers().length;
    expect(await api('PATCH', `/1.0/network-zones/${ZONE}`, { description: 'other words' })).toBe(200);
    expect(await api('POST', `/1.0/network-zones/${ZONE}/records`, { name: 'empty' })).toBe(201);
    for (const { all } of [...secondaries.values()]) await all[0]!.serial(ZONE);
    expect((await content(ZONE)).serial).toBe(before.serial);
    expect(transfers()).toHaveLength(count);
  });

  it('refuses a transfer to strangers, and says why', async () => {
    expect(await dig(ZONE, 'AXFR')).toContain('Transfer failed');
    expect(await dig(ZONE, 'AXFR', '-y', `hmac-sha256:${keyName('bind')}:${randomBytes(32).toString('base64')}`)).toMatch(/failed|BADSIG/i);
    const refusal = await eventually(async () => {
      const list = await weft.query<{ reason: string; explanation: string }[]>(`/1.0/network-zones/${ZONE}/refusals`);
      return list.find(({ reason }) => reason === 'key-missing');
    });
    expect(refusal.explanation).toContain('configure the TSIG key');
  });

  it('keeps the serial over a restart, and serves at core.dns_address', async () => {
    const before = await serial(ZONE);
    process.kill(weft.pid('dns-svc'), 'SIGKILL');
    await eventually(async () => (await serial(ZONE)) === before, { timeoutMs: 30_000 });
    const other = await freePort();
    await weft.ok(['config', 'set', `core.dns_address=127.0.0.1:${other}`]);
    await eventually(async () => (await dig('-p', String(other), '+short', ZONE, 'SOA')).includes(` ${before} `), { timeoutMs: 30_000 });
    expect(await weft.refused(['config', 'set', 'core.dns_address=nonsense:x'])).toContain('Invalid address');
    await weft.ok(['config', 'unset', 'core.dns_address']);
    await agree();
  }, 120_000);
});
