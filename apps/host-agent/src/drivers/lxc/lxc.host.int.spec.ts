import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Readable } from 'node:stream';
import { type InstanceSpec, WeftError } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { Cgroups } from '@weft/lxc';
import { fileOptions, run, withFiles } from '../contract-subject';
import { containerGroup, monitorGroup } from './container-config';
import type { LxcDriver } from './lxc.driver';
import { describeLxc, LxcTestbed, shell, TINY, tracesOf } from './lxc.testbed';

jest.setTimeout(120_000);
const execute = promisify(execFile);
const MIB = 1 << 20;

describeLxc('lxc, seen from the host', () => {
  let bed: LxcTestbed;
  let driver: LxcDriver;
  let cgroups: Cgroups;

  beforeAll(async () => {
    bed = await LxcTestbed.open();
    driver = bed.driver();
    cgroups = await Cgroups.detect();
  });
  afterEach(async () => {
    for (const id of await driver.list()) await driver.delete(id);
  });
  afterAll(() => bed.close());

  const status = async (spec: InstanceSpec): Promise<string> => (await driver.inspect(spec.id)).status;
  const kill = (spec: InstanceSpec): Promise<void> => driver.stop(spec, { force: true, timeoutSeconds: 0 });

  const traces = (id: string): Promise<string[]> => tracesOf(cgroups, id);

  describe('limits', () => {
    const memoryFile = (): string => (cgroups.version('memory') === 1 ? 'memory.limit_in_bytes' : 'memory.max');

    it('are applied at start and while it runs, upwards and downwards, and taken back', async () => {
      const spec = await bed.started(driver, 'limited', {
        'limits.memory': '64MiB',
        'limits.processes': '20',
        'limits.cpu': '1',
        'limits.cpu.allowance': '20ms/100ms',
      });
      const group = containerGroup(spec.id);
      expect(await cgroups.read('memory', group, memoryFile())).toBe(String(64 * MIB));
      expect(await cgroups.read('pids', group, 'pids.max')).toBe('20');
      expect(await shell(driver, spec, 'nproc')).toBe('1');
      expect((await run(driver, spec, ['/bin/sh', '-c', 'head -c 200m /dev/zero | tail -c 190m | wc -c'])).stdout.trim()).not.toBe(String(190 * MIB));
      expect(await shell(driver, spec, 'for i in $(seq 40); do sleep 20 >/dev/null 2>&1 & done 2>&1 | grep -c fork; pkill sleep; true')).not.toBe('0');
      for (const size of ['256MiB', '96MiB']) {
        await driver.update({ ...spec, config: { 'limits.memory': size } });
        expect(await cgroups.read('memory', group, memoryFile())).toBe(String(parseInt(size, 10) * MIB));
      }
      await driver.update({ ...spec, config: {} });
      expect(await cgroups.read('pids', group, 'pids.max')).toBe('max');
      expect(Number((await cgroups.read('memory', group, memoryFile()))?.replace('max', 'Infinity'))).toBeGreaterThan(2 ** 40);
      const cpus = (await cgroups.read('cpuset', group, 'cpuset.cpus')) ?? '';
      expect(await shell(driver, spec, 'nproc')).toBe((await execute('nproc')).stdout.trim());
      expect(cpus).not.toBe('');
      await kill(spec);
    });

    it('show up as usage', async () => {
      const spec = await bed.started(driver, 'used');
      await shell(driver, spec, 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; head -c 3000000 /dev/zero >/big');
      const usage = await driver.usage(spec);
      expect(usage).toMatchObject({ pid: expect.any(Number) as number, network: null });
      expect(usage.cpu.usage).toBeGreaterThan(1e6);
      expect(usage.memory.usage).toBeGreaterThan(100_000);
      expect(usage.disk?.['root']?.usage).toBeGreaterThan(3_000_000);
      expect(usage.processes).toBe(2);
      await kill(spec);
      expect(await driver.usage(spec)).toMatchObject({ pid: 0, processes: 0, cpu: { usage: 0 } });
    });
  });

  describe('devices and kernel', () => {
    it('shares directories and files of the host, read-only when told', async () => {
      const shared = join(bed.dir, 'shared dir, with: signs');
      await fs.mkdir(shared, { mode: 0o777 });
      await fs.chmod(shared, 0o777);
      await fs.writeFile(join(shared, 'one'), 'from the host');
      const spec = await bed.started(
        driver,
        'disks',
        {},
        {
          data: { type: 'disk', source: shared, path: '/srv/data' },
          fixed: { type: 'disk', source: shared, path: 'srv/fixed'.padStart(10, '/'), readonly: 'true' },
          file: { type: 'disk', source: join(shared, 'one'), path: '/srv/file' },
          maybe: { type: 'disk', source: '/no/such/place', path: '/srv/maybe', required: 'false' },
          off: { type: 'none' },
        },
      );
      expect(await shell(driver, spec, 'cat /srv/data/one /srv/file; echo x >/srv/data/two; echo x 2>&1 >/srv/fixed/three || ls /srv/fixed')).toContain(
        'from the hostfrom the host',
      );
      expect((await fs.readdir(shared)).sort()).toEqual(['one', 'two']);
      await kill(spec);
    });

    it.each([
      ['a missing source', {}, { d: { type: 'disk', source: '/no/such/place', path: '/srv' } }, 'device.invalid', /"d".*does not exist/],
      ['a device that is not supported', {}, { d: { type: 'gpu' } }, 'device.invalid', /"gpu"/],
      ['a kernel module that is not there', { 'linux.kernel_modules': 'loop,no_such_module' }, {}, 'config.invalid', /no_such_module/],
      ['a CPU that is not there', { 'limits.cpu': '0,999' }, {}, 'config.invalid', /999/],
      ['a line break that would start a new setting', { 'environment.A': 'b\nlxc.hook.pre-start = /bin/true' }, {}, 'config.invalid', /line break/],
      ['a setting that liblxc does not know', { 'raw.lxc': 'lxc.nonsense = 1' }, {}, 'instance.wrong-status', /cannot start/],
    ])('refuses %s and leaves nothing behind', async (_, config, devices, code, words) => {
      const spec = bed.spec('refused', config as Record<string, string>, devices as InstanceSpec['devices']);
      await driver.create(spec, { kind: 'image', fingerprint: TINY }, {}, () => undefined);
      await expect(driver.start(spec, 1)).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string });
      expect(await status(spec)).toBe('stopped');
      expect(await traces(spec.id)).toEqual([]);
    });

    it('says why init cannot run', async () => {
      const spec = { ...bed.spec('empty'), imageFingerprint: '' };
      await driver.create(spec, { kind: 'none' }, {}, () => undefined);
      await expect(driver.start(spec, 1)).rejects.toMatchObject({ code: 'instance.wrong-status', message: expect.stringContaining('cannot start') as string });
      expect(await traces(spec.id)).toEqual([]);
    });
  });

  describe('guests on their own', () => {
    it('stay running when they reboot, and it is noticed', async () => {
      const spec = await bed.started(driver, 'rebooting');
      const { pid } = await driver.inspect(spec.id);
      const changed: string[] = [];
      driver.onChange((id) => changed.push(id));
      await shell(driver, spec, 'echo kept >/kept; reboot');
      await eventually(async () => {
        const now = await driver.inspect(spec.id);
        return now.status === 'running' && now.pid !== pid && changed.includes(spec.id);
      });
      expect(await shell(driver, spec, 'cat /kept')).toBe('kept');
      await driver.stop(spec, { force: false, timeoutSeconds: 20 });
    });

    it('are crashed when init dies, stopped when they power off, and nothing stays behind', async () => {
      const spec = await bed.started(driver, 'crashing');
      process.kill((await driver.inspect(spec.id)).pid!, 'SIGKILL');
      await eventually(async () => (await status(spec)) === 'crashed');
      expect((await driver.inspect(spec.id)).reason).toMatch(/signal 9/);
      await eventually(async () => (await traces(spec.id)).length === 0);
      await driver.start(spec, 2);
      await shell(driver, spec, 'poweroff');
      await eventually(async () => (await status(spec)) === 'stopped');
      expect(await driver.inspect(spec.id)).toMatchObject({ reason: 'guest', epoch: 2 });
      await eventually(async () => (await traces(spec.id)).length === 0);
    });

    it('that lose their monitor are cleaned up by the next start', async () => {
      const spec = await bed.started(driver, 'orphan');
      const [monitor] = await cgroups.processes(monitorGroup(spec.id));
      process.kill(monitor!, 'SIGKILL');
      await eventually(async () => (await status(spec)) === 'crashed');
      await eventually(async () => (await traces(spec.id)).length === 0);
      expect((await driver.inspect(spec.id)).reason).toContain('monitor');
      await driver.start(spec, 2);
      expect(await shell(driver, spec, 'echo up')).toBe('up');
      await kill(spec);
      expect(await traces(spec.id)).toEqual([]);
    });

    it('that ignore the wish to stop are told of, and can be killed', async () => {
      const spec = await bed.started(driver, 'stubborn', { 'raw.lxc': 'lxc.signal.halt = SIGRTMIN+9' });
      await expect(driver.stop(spec, { force: false, timeoutSeconds: 1 })).rejects.toMatchObject({
        code: 'task.failed',
        message: expect.stringContaining('1 second') as string,
      });
      expect(await status(spec)).toBe('running');
      await kill(spec);
      expect(await traces(spec.id)).toEqual([]);
    });
  });

  describe('storage', () => {
    it('keeps links, modes, holes, removed and replaced directories of the image in copies', async () => {
      const spec = await bed.started(driver, 'original');
      const change =
        'rm -r /var/log; mkdir /var/log; echo new >/var/log/new; mv /home /moved; ln /bin/busybox /hard; cp /bin/busybox /su; chmod 4755 /su; rm /etc/shells; truncate -s 50M /hole';
      const look = "ls /var/log /moved; stat -c '%h %a' /su /hard; ls /etc/shells /home 2>&1; stat -c '%s %b' /hole";
      await shell(driver, spec, change);
      const before = await shell(driver, spec, look);
      const copy = bed.spec('copy');
      await driver.create(copy, { kind: 'instance', instanceId: spec.id }, {}, () => undefined);
      expect(await status(spec)).toBe('running');
      await driver.start(copy, 1);
      expect(await shell(driver, copy, look)).toBe(before);
      expect(before).toContain('2 755');
      await kill(spec);
      await kill(copy);
    });

    it('follows a change between privileged and unprivileged', async () => {
      const spec = await bed.started(driver, 'changing');
      await shell(driver, spec, 'echo x >/mine; chown 5:6 /mine; cp /bin/busybox /su; chmod 4755 /su');
      await kill(spec);
      const privileged = { ...spec, config: { 'security.privileged': 'true' } };
      await driver.start(privileged, 2);
      const look = "stat -c '%u:%g %a' /mine /su /etc/passwd; cat /proc/self/uid_map | tr -s ' '";
      expect(await shell(driver, privileged, look)).toBe('5:6 644\n0:0 4755\n0:0 644\n 0 0 4294967295');
      await kill(privileged);
      await driver.start(spec, 3);
      expect(await shell(driver, spec, look)).toBe('5:6 644\n0:0 4755\n0:0 644\n 0 1000000 65536');
      await kill(spec);
    });

    it('outlives its image', async () => {
      const spec = await bed.started(driver, 'survivor');
      await shell(driver, spec, 'echo mine >/mine');
      await kill(spec);
      const others = bed.driver({ images: { containerRoot: () => Promise.reject(new WeftError('image.not-found', 'deleted')) } });
      await others.start(spec, 2);
      expect(await shell(others, spec, 'cat /mine')).toBe('mine');
      await kill(spec);
      const privileged = { ...spec, config: { 'security.privileged': 'true' } };
      await others.start(privileged, 3);
      expect(await shell(others, privileged, "cat /mine; stat -c '%u' /mine /etc/passwd")).toBe('mine\n0\n0');
      await kill(spec);
    });

    it('is closed to other users of the host', async () => {
      const spec = await bed.started(driver, 'closed');
      await expect(
        execute('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'ls', join(bed.dir, 'instances', spec.id)]),
      ).rejects.toMatchObject({ stderr: expect.stringContaining('denied') as string });
      await kill(spec);
    });
  });

  it('lets go of a container that a killed agent had frozen for a copy', async () => {
    const spec = await bed.started(driver, 'frozen');
    const file = join(bed.dir, 'instances', spec.id, 'container.json');
    await driver.freeze(spec);
    await fs.writeFile(file, JSON.stringify({ ...(JSON.parse(await fs.readFile(file, 'utf8')) as object), frozenForCopy: true }));
    // The next agent takes over for good: what the one before had prepared in the directory is gone.
    driver = bed.driver();
    expect((await driver.inspect(spec.id)).status).toBe('running');
    await kill(spec);
  });

  it('unmounts a stopped container after its files were read', async () => {
    const spec = bed.spec('stopped');
    await driver.create(spec, { kind: 'image', fingerprint: TINY }, {}, () => undefined);
    await withFiles(driver, spec, (files) => files.write('/etc/motd', Readable.from(['hello']), fileOptions));
    expect(await traces(spec.id)).toEqual([]);
    await driver.start(spec, 1);
    expect(await shell(driver, spec, 'cat /etc/motd')).toBe('hello');
    await kill(spec);
  });
});
