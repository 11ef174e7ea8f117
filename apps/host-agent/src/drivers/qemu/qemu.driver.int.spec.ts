import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { InstanceSpec } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { fileOptions, noProgress, readText, run, withFiles } from '../contract-subject';
import { BRIDGE_ADDRESS, startTestSwitch } from '../../network/host-switch.fixture';
import { describeDriver, type Bench, type ContractSubject } from '../driver.contract';
import { describeGuestAccess } from '../driver.guest.contract';
import type { Driver } from '../driver';
import { FINGERPRINT, testHost, untilAgentAnswers, type TestHost } from './tiny-vm.fixture';

jest.setTimeout(240_000);

/** Booting takes seconds under TCG: only tests that talk to the guest wait for it. */
const TALKING = /politely|halts itself|whatever their names|carry packets/;

/** By its MAC: a machine names its interfaces after where they are plugged in. */
const reach: NonNullable<ContractSubject['nics']>['reach'] = async (driver, spec, guestName) => {
  const script = `
    for path in /sys/class/net/*; do
      [ "$(cat $path/address)" = "${spec.nics![guestName]!.hwaddr}" ] || continue
      name=\${path##*/}
      [ "$(cat $path/mtu)" = 1400 ] || exit 2
      ip link set "$name" up; ip address flush dev "$name"; ip address add 192.0.2.9/24 dev "$name"
      ping -c 1 -W 3 ${BRIDGE_ADDRESS}; result=$?
      ip address flush dev "$name"
      exit $result
    done
    exit 3`;
  await eventually(async () => (await run(driver, spec, ['sh', '-c', script])).code === 0, { timeoutMs: 30_000, what: 'packets' });
};

const subjectOf = (host: TestHost): ContractSubject => ({
  open: () => Promise.resolve(host.open()),
  imageFingerprint: FINGERPRINT,
  spec: (name) => host.spec(name),
  stopTimeoutSeconds: 120,
  // Examined below, in one guest for all.
  can: { exec: false, freeze: true, files: 'never' },
  haltFromInside: async (driver, spec) => void (await run(driver, spec, ['poweroff'])),
  untilReady: async (driver, spec) => {
    if (TALKING.test(expect.getState().currentTestName ?? '')) await untilAgentAnswers(driver, spec);
  },
  close: host.remove,
});

describeDriver('qemu', async () => {
  const ovs = await startTestSwitch();
  const host = await testHost({ netns: ovs.netns, network: ovs.network });
  const close = async () => {
    await host.remove();
    expect(await ovs.wires()).toEqual([]);
    await ovs.stop();
  };
  return { ...subjectOf(host), nics: { plugged: ovs.ifaceIds, reach }, close };
});

describe('a virtual machine that has booted', () => {
  let host: TestHost;
  let driver: Driver;
  let vm: InstanceSpec;

  const create = async (spec: InstanceSpec) => {
    await driver.create(spec, { kind: 'image', fingerprint: FINGERPRINT }, {}, noProgress);
    return spec;
  };
  beforeAll(async () => {
    host = await testHost();
    driver = host.open();
    vm = await create(host.spec('guest'));
    await driver.start(vm, 1);
    await untilAgentAnswers(driver, vm);
  });
  afterAll(async () => {
    for (const id of await driver.list()) await driver.delete(id);
    await host.remove();
  });

  const bench: Bench = {
    get subject() {
      return { ...subjectOf(host), can: { exec: true, freeze: true, files: 'running' as const } };
    },
    get driver() {
      return driver;
    },
    restart: () => Promise.resolve(void (driver = host.open())),
    created: (name = 'stopped') => create(host.spec(name)),
    started: () => Promise.resolve(vm),
  };
  describeGuestAccess(bench);

  it('knows its name from the seed', async () => {
    expect(await run(driver, vm, ['hostname'])).toMatchObject({ stdout: 'guest\n' });
  });

  it('takes much input, and output while the command runs', async () => {
    const input = randomBytes(150_000).toString('base64');
    expect(await run(driver, vm, ['sh', '-c', 'md5sum; wc -c </proc/version >&2'], { stdin: input })).toMatchObject({ code: 0 });
    const child = await driver.exec(vm, {
      command: ['sh', '-c', 'echo ready; read line; echo "got $line"'],
      environment: {},
      interactive: false,
      width: 0,
      height: 0,
      user: 0,
      group: 0,
      cwd: '',
    });
    const lines: string[] = [];
    child.stdout?.on('data', (chunk: Buffer) => {
      lines.push(chunk.toString());
      if (lines.join('') === 'ready\n') child.stdin?.write('answer\n');
    });
    expect(await child.exit).toBe(0);
    expect(lines.join('')).toBe('ready\ngot answer\n');
  });

  it('gives interactive commands a terminal', async () => {
    const child = await driver.exec(vm, {
      command: ['sh', '-c', 'stty size; exit 3'],
      environment: {},
      interactive: true,
      width: 100,
      height: 30,
      user: 0,
      group: 0,
      cwd: '/',
    });
    const chunks: string[] = [];
    child.tty?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    expect(await child.exit).toBe(3);
    expect(chunks.join('').trim()).toBe('30 100');
  });

  it('carries files of megabytes both ways', async () => {
    const content = randomBytes(700_000).toString('base64');
    await withFiles(driver, vm, async (files) => {
      await files.write('/root/large', Readable.from([content]), fileOptions);
      expect(await readText(files, '/root/large')).toBe(content);
      await files.remove('/root/large');
    });
  });

  it('has a console that the last one to come owns, and a log of it', async () => {
    const first = await driver.console(vm, { width: 80, height: 24 });
    const closed = new Promise((resolve) => first.stream.once('close', resolve));
    const second = await driver.console(vm, { width: 80, height: 24 });
    await closed;
    let seen = '';
    second.stream.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    second.stream.write('echo con$((40 + 2))sole\n');
    await eventually(() => Promise.resolve(seen.includes('con42sole')), { timeoutMs: 30_000 });
    second.close();
    expect(await driver.consoleLog(vm)).toContain('con42sole');
  });

  it('gives memory back, and refuses what needs a restart', async () => {
    await driver.update({ ...vm, config: { 'limits.memory': '160MiB' } });
    await eventually(async () => Number(/MemTotal: *(\d+)/.exec((await run(driver, vm, ['cat', '/proc/meminfo'])).stdout)?.[1]) < 170_000, {
      timeoutMs: 30_000,
    });
    await driver.update(vm);
    await expect(driver.update({ ...vm, config: { 'limits.memory': '2GiB' } })).rejects.toMatchObject({ code: 'instance.wrong-status' });
    await expect(driver.update({ ...vm, config: { ...vm.config, 'limits.cpu': '2' } })).rejects.toMatchObject({ code: 'instance.wrong-status' });
  });

  it('tells what it uses', async () => {
    const usage = await driver.usage(vm);
    expect(usage.pid).toBe((await driver.inspect(vm.id)).pid);
    expect(usage.cpu.usage).toBeGreaterThan(1e8);
    expect(usage.memory.usage).toBeGreaterThan(50e6);
  });

  it('has snapshots of one moment, whoever looks after it meanwhile', async () => {
    const note = (text: string) => withFiles(driver, vm, (files) => files.write('/root/note', Readable.from([text]), fileOptions));
    await note('before');
    await driver.createSnapshot(vm, 'live');
    await note('after');
    const twin = host.spec('twin');
    await driver.create(twin, { kind: 'snapshot', instanceId: vm.id, snapshotId: 'live' }, {}, noProgress);
    driver = host.open();
    await driver.start(twin, 1);
    await untilAgentAnswers(driver, twin);
    expect(await withFiles(driver, twin, (files) => readText(files, '/root/note'))).toBe('before');
    await driver.delete(twin.id);
  });

  it('is told apart: halted by its guest while no agent looked, or killed', async () => {
    const pid = (await driver.inspect(vm.id)).pid ?? 0;
    await run(driver, vm, ['poweroff']);
    await eventually(
      () =>
        readFile(`/proc/${pid}/stat`).then(
          () => false,
          () => true,
        ),
      { timeoutMs: 60_000 },
    );
    driver = host.open();
    expect(await driver.inspect(vm.id)).toMatchObject({ status: 'stopped', reason: 'guest', epoch: 1 });
    await driver.start(vm, 2);
    const changed = new Promise<string>((resolve) => driver.onChange(resolve));
    process.kill((await driver.inspect(vm.id)).pid ?? 0, 'SIGKILL');
    expect(await changed).toBe(vm.id);
    const after = await driver.inspect(vm.id);
    expect(after).toMatchObject({ status: 'crashed', epoch: 2 });
    expect(after.reason).toContain('signal 9');
    expect(await host.open().inspect(vm.id)).toEqual(after);
    await driver.stop(vm, { force: true, timeoutSeconds: 5 });
    expect(await driver.inspect(vm.id)).toEqual({ status: 'stopped', epoch: 2 });
  });

  it('gives QEMU its own words when it cannot start', async () => {
    const broken = await create(host.spec('broken', {}, { data: { type: 'disk', source: join(host.dir, 'instances') } }));
    await expect(driver.start(broken, 1)).rejects.toMatchObject({ code: 'device.invalid' });
    expect(await driver.inspect(broken.id)).toMatchObject({ status: 'stopped' });
    await expect(driver.console(broken, { width: 80, height: 24 })).rejects.toMatchObject({ code: 'instance.wrong-status' });
  });

  it('does not wait for ever for a guest that does not hear', async () => {
    const deaf = await create({ ...host.spec('deaf'), imageFingerprint: '' });
    await driver.start(deaf, 1);
    await expect(driver.stop(deaf, { force: false, timeoutSeconds: 0 })).rejects.toMatchObject({ code: 'task.failed' });
    expect(await driver.inspect(deaf.id)).toMatchObject({ status: 'running' });
  });

  it('refuses a root disk smaller than the image', async () => {
    const small = host.spec('small', {}, { root: { type: 'disk', path: '/', pool: 'default', size: '1MiB' } });
    await expect(create(small)).rejects.toMatchObject({ code: 'config.invalid' });
  });
});
