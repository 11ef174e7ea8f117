/**
 * The launcher as a user meets it: start, start again, Ctrl-C, kill -9, two platforms beside each other, down, reset.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, isAlive, readPidFile, type ProcessIdentity } from '@weft/embedded';
import { eventually, scratchDir } from '@weft/testing';
import { leftoverProcesses, mountsBelow } from './guests/leftovers';
import { namespacesOf } from './network/fabric';
import { run } from './network/net-tools';
import { keyOf, namespacePrefix, TUNNEL_BRIDGE } from './network/network-plan';
import { places } from './places';

const ROOT = join(__dirname, '..', '..');

interface Outcome {
  code: number | null;
  output: string;
}

const collect = (child: ChildProcess): Promise<Outcome> => {
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() })));
};

/** A place for one platform; `remove` takes it down whatever a test left. */
const makePlace = async () => {
  const scratch = await scratchDir();
  const dir = join(scratch.path, 'w');
  const env = { ...process.env, WEFT_DIR: dir, WEFT_HTTPS_ADDRESS: `127.0.0.1:${await freePort()}` };
  const launch = (...args: string[]) => spawn('bash', [join(ROOT, 'tools/bin/weft'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const weft = (...args: string[]) => collect(launch(...args));
  const lxc = (...args: string[]) =>
    collect(
      spawn('lxc', args, { env: { PATH: process.env.PATH, LXD_DIR: dir, LXD_CONF: scratch.path, HOME: scratch.path }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  const remove = async () => {
    await weft('down');
    await scratch.remove();
  };
  return { dir, at: places(dir), launch, weft, lxc, remove };
};
type Place = Awaited<ReturnType<typeof makePlace>>;

const services = ({ at }: Place): ProcessIdentity[] =>
  readdirSync(at.run).flatMap((name) => (name.endsWith('.pid') ? (readPidFile(join(at.run, name)) ?? []) : []));

/** ovsdb-server, ovs-vswitchd and ovn-controller of a member. */
const switchProcesses = ({ at }: Place, member: string): ProcessIdentity[] =>
  readdirSync(join(at.ovnRun, member))
    .filter((name) => name.endsWith('.pid'))
    .sort()
    .flatMap((name) => readPidFile(join(at.ovnRun, member, name)) ?? []);

const tunnelAddresses = ({ dir }: Place, member: string): Promise<string> =>
  run('ip', ['-netns', `${namespacePrefix(keyOf(dir))}${member}`, '-4', '-oneline', 'address', 'show', 'dev', TUNNEL_BRIDGE]).catch(() => '');

const started = async (place: Place, ...args: string[]): Promise<string> => {
  const { code, output } = await place.weft('start', '--detach', ...args);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Ready in') });
  return output;
};

jest.setTimeout(300_000);

describe('two platforms on one machine', () => {
  let one: Place;
  let two: Place;
  let three: Place;
  beforeAll(async () => {
    [one, two, three] = await Promise.all([makePlace(), makePlace(), makePlace()]);
    expect(await started(one)).toContain(`export LXD_DIR=${one.dir}`);
    await started(two, '--members', '2');
  });
  afterAll(async () => {
    for (const place of [one, two, three]) await place?.remove();
  });

  it('run side by side, and neither starts twice', async () => {
    expect((await one.weft('start', '--detach')).output).toMatch(/runs already/);
    expect((await two.weft('status')).output).toMatch(/agent-host2 +process \d+/);
    expect((await one.lxc('image', 'list', '--format', 'csv', '--columns', 'l')).output.split('\n').sort()).toEqual(
      expect.arrayContaining(['tiny', 'tiny-vm']),
    );
  });

  it('leave no room for a third one at the same address, which says so and leaves nothing behind', async () => {
    const address = /https:\/\/(\S+)/.exec((await one.weft('status')).output)?.[1] ?? '';
    const { code, output } = await collect(
      spawn('bash', [join(ROOT, 'tools/bin/weft'), 'start', '--detach'], { env: { ...process.env, WEFT_DIR: three.dir, WEFT_HTTPS_ADDRESS: address } }),
    );
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(`${address} is in use`) });
    expect(leftoverProcesses(three.dir)).toEqual([]);
  });

  it('are taken down one by one', async () => {
    const others = services(two);
    expect(await one.weft('down')).toMatchObject({ code: 0 });
    expect(leftoverProcesses(one.dir)).toEqual([]);
    expect(namespacesOf(keyOf(one.dir))).toEqual([]);
    expect(namespacesOf(keyOf(two.dir))).toHaveLength(3);
    expect(others.filter((service) => !isAlive(service))).toEqual([]);
    expect((await one.weft('status')).code).toBe(3);
    expect(await one.weft('down')).toMatchObject({ code: 0 });
  });
});

describe('a platform', () => {
  let place: Place;
  beforeAll(async () => {
    place = await makePlace();
  });
  afterAll(() => place?.remove());

  it('loses every service to a kill -9 of its supervisor; guests run on and the next start finds them', async () => {
    await started(place);
    expect(await place.lxc('launch', 'tiny', 'c1')).toMatchObject({ code: 0 });
    const running = services(place);
    const isService = ({ pid }: ProcessIdentity) => running.some((service) => service.pid === pid);
    const guest = leftoverProcesses(place.dir).filter((left) => !isService(left));
    expect(guest).not.toEqual([]);
    const switches = switchProcesses(place, 'host1');
    expect(switches).toHaveLength(3);
    process.kill(readPidFile(place.at.supervisorPid)!.pid, 'SIGKILL');
    await eventually(() => !running.some(isAlive), { timeoutMs: 30_000 });
    expect(guest.filter((left) => !isAlive(left))).toEqual([]);
    await started(place);
    const status = async () => (await place.lxc('list', 'c1', '--format', 'csv', '--columns', 's')).output.trim();
    await eventually(async () => (await status()) === 'RUNNING', { timeoutMs: 30_000, what: 'the guest that ran before' });
    expect(guest.filter((left) => !isAlive(left))).toEqual([]);
    expect(switchProcesses(place, 'host1')).toEqual(switches);
    for (const { pid } of switches) process.kill(pid, 'SIGKILL');
    const isBack = async () => switchProcesses(place, 'host1').length === 3 && (await tunnelAddresses(place, 'host1')).includes('198.1');
    await eventually(isBack, { timeoutMs: 60_000, what: 'the switch of host1' });
    expect(await place.weft('down')).toMatchObject({ code: 0 });
    expect(leftoverProcesses(place.dir)).toEqual([]);
    expect(mountsBelow(place.dir)).toEqual([]);
  });

  it('is stopped in order by Ctrl-C, which leaves guests running; down stops them without it', async () => {
    const foreground = place.launch('start');
    const outcome = collect(foreground);
    await eventually(() => existsSync(place.at.supervisorReady), { timeoutMs: 200_000 });
    expect(await place.lxc('launch', 'tiny', 'c2')).toMatchObject({ code: 0 });
    foreground.kill('SIGINT');
    expect(await outcome).toEqual({ code: 0, output: expect.stringContaining('guests keep running') });
    expect(leftoverProcesses(place.dir)).not.toEqual([]);
    expect((await place.weft('down')).output).toMatch(/removed \d+ processes/);
    expect(leftoverProcesses(place.dir)).toEqual([]);
    expect(mountsBelow(place.dir)).toEqual([]);
  });

  it('is reset after a question', async () => {
    expect(await place.weft('reset')).toEqual({ code: 1, output: expect.stringContaining('-- --yes') });
    expect(existsSync(place.at.secrets)).toBe(true);
    expect(await place.weft('reset', '--yes')).toMatchObject({ code: 0 });
    expect(existsSync(place.dir)).toBe(false);
  });

  it('is not what reset takes another directory for', async () => {
    mkdirSync(place.dir);
    writeFileSync(join(place.dir, 'precious'), 'x');
    expect(await place.weft('reset', '--yes')).toEqual({ code: 1, output: expect.stringContaining('does not look like') });
    expect(readFileSync(join(place.dir, 'precious'), 'utf8')).toBe('x');
  });
});
