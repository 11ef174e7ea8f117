/** docs/guides/sign-a-zone.md with a real Knot: the configuration in the guide is the one that is tested. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess, freePort, startTied, type TiedProcess } from '@weft/embedded';
import { eventually, scratchDir } from '@weft/testing';
import type { Running } from '../composition';
import { startReplica, Surroundings } from '../testing/dns-under-test';

const run = promisify(execFile);
const GUIDE = join(__dirname, '../../../../docs/guides/sign-a-zone.md');
const key = randomBytes(32).toString('base64');

let around: Surroundings;
let replica: Running;
let knot: TiedProcess;
let port: number;
let dir: { path: string; remove(): Promise<void> };

/** The YAML of the guide, with our addresses, and files below a directory of ours. */
function configuration(dnsPort: number): string {
  const yaml = /```yaml\n([^]*?)```/.exec(readFileSync(GUIDE, 'utf8'))![1]!.replace(/^ {3}/gm, '');
  const place = `  rundir: ${dir.path}\n  pidfile: ${dir.path}/knot.pid\n`;
  const storage = `database:\n  storage: ${dir.path}/db\ntemplate:\n  - id: default\n    storage: ${dir.path}\n`;
  const ours = yaml.replace('127.0.0.1@53\n', `127.0.0.1@${port}\n${place}`).replace('127.0.0.1@5353', `127.0.0.1@${dnsPort}`).replace('<key>', key);
  return `${ours.replace('zone:\n', `${storage}zone:\n`)}log:\n  - target: stderr\n    any: info\n`;
}

beforeAll(async () => {
  around = await Surroundings.start();
  dir = await scratchDir();
  port = await freePort();
  const dnsPort = await freePort();
  replica = await startReplica(around, `127.0.0.1:${dnsPort}`);
  const config = { 'dns.nameservers': 'ns1.lab.example', 'peers.knot.address': '127.0.0.1', 'peers.knot.key': key, 'peers.knot.port': String(port) };
  await around.send('zone.create', { name: 'lab.example', description: '', config });
  await around.send('zone-record.create', { zone: 'lab.example', name: 'ns1', description: '', entries: [{ type: 'A', value: '192.0.2.53' }], config: {} });
  mkdirSync(join(dir.path, 'db'));
  writeFileSync(join(dir.path, 'knot.conf'), configuration(dnsPort));
  knot = startTied({
    command: '/usr/sbin/knotd',
    args: ['-c', join(dir.path, 'knot.conf')],
    cwd: dir.path,
    logFile: join(dir.path, 'log'),
    deathSignal: 'SIGKILL',
  });
}, 60_000);
afterAll(async () => {
  if (knot) await endProcess(knot.identity, 'SIGTERM', 10_000);
  await replica?.close();
  await around?.stop();
  await dir?.remove();
});

const dig = async (...args: string[]): Promise<string> => {
  const failed = (error: { stdout: string }): { stdout: string } => error;
  return (await run('dig', ['@127.0.0.1', '-p', String(port), '+time=2', '+tries=1', ...args]).catch(failed)).stdout;
};

it('Knot signs what it follows, and signs changes again', async () => {
  await eventually(async () => /RRSIG\s+A 13 /.test(await dig('ns1.lab.example', 'A', '+dnssec')), { timeoutMs: 30_000, what: 'a signed answer' });
  expect(await dig('lab.example', 'DNSKEY', '+short')).toMatch(/^257 3 13 /m);
  await around.send('zone-record.create', { zone: 'lab.example', name: 'www', description: '', entries: [{ type: 'A', value: '192.0.2.80' }], config: {} });
  await eventually(async () => /192\.0\.2\.80[^]*RRSIG\s+A 13 /.test(await dig('www.lab.example', 'A', '+dnssec')), {
    timeoutMs: 30_000,
    what: 'the change, signed',
  });
  expect(await dig('none.lab.example', 'A', '+dnssec')).toMatch(/NXDOMAIN[^]*NSEC3/);
  const { stdout } = await run('knotc', ['-c', join(dir.path, 'knot.conf'), '-s', join(dir.path, 'knot.sock'), 'zone-read', 'lab.example']);
  const file = join(dir.path, 'signed.zone');
  writeFileSync(file, stdout.replace(/^\[lab\.example\.\] /gm, ''));
  const verified = await run('ldns-verify-zone', [file]);
  expect(verified.stdout + verified.stderr).toContain('Zone is verified and complete');
});
