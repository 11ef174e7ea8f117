/**
 * A kill -9 of the agent at any moment of any action on a virtual machine, and the same action again by the next agent:
 * it works, within bounded time, and what runs runs once.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { InstanceSpec } from '@weft/contracts';
import { noProgress } from '../contract-subject';
import type { Driver } from '../driver';
import { killedAfter, randomDelays } from '../victim-process';
import { FINGERPRINT, testHost, tinyVmDisk, type TestHost } from './tiny-vm.fixture';
import { runState } from './vm-lifecycle';
import { vmPaths } from './vm-paths';

jest.setTimeout(120_000);
const VICTIM = resolve(__dirname, 'qemu.victim.ts');
const ACTIONS = ['create', 'start', 'freeze', 'snapshot', 'stop', 'delete'] as const;

/** Set WEFT_KILL_SEED to repeat a run, WEFT_KILL_ROUNDS for a longer one. */
const SEED = Number(process.env['WEFT_KILL_SEED'] ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env['WEFT_KILL_ROUNDS'] ?? 3);
/** A start takes about 300 ms on an idle machine. */
const LONGEST_MS = 300;

describe(`qemu, its agent killed (seed ${SEED})`, () => {
  let host: TestHost;
  let driver: Driver;
  let disk: string;

  beforeAll(async () => {
    host = await testHost();
    disk = await tinyVmDisk();
    driver = host.open();
    // Which accelerator works here is found out once, and by nobody who is killed.
    await driver.probe();
  });
  afterEach(async () => {
    for (const id of await driver.list()) await driver.delete(id);
  });
  afterAll(() => host.remove());

  async function killedDuring(what: (typeof ACTIONS)[number], spec: InstanceSpec, delayMs = 0): Promise<void> {
    await killedAfter(delayMs, VICTIM, [host.dir, disk, JSON.stringify(spec), what]);
    driver = host.open();
  }

  /** Processes that name the instance's directory: its shell and its QEMU. */
  async function processes(spec: InstanceSpec): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return lines.filter((line) => line.includes(join(host.dir, 'instances', spec.id, 'qemu.pid')));
  }

  const rounds = randomDelays(SEED, ROUNDS * ACTIONS.length, LONGEST_MS);
  it.each(Array.from({ length: ROUNDS }, (_, round) => rounds.slice(round * ACTIONS.length, (round + 1) * ACTIONS.length)))(
    '%i, %i, %i, %i, %i and %i ms into create, start, freeze, snapshot, stop and delete: done again it works',
    async (inCreate, inStart, inFreeze, inSnapshot, inStop, inDelete) => {
      const spec = host.spec('victim');
      await killedDuring('create', spec, inCreate);
      await driver.create(spec, { kind: 'image', fingerprint: FINGERPRINT }, {}, noProgress);
      await killedDuring('start', spec, inStart);
      await driver.start(spec, 7);
      expect(await driver.inspect(spec.id)).toMatchObject({ status: 'running', epoch: 7 });
      expect(await runState(vmPaths(join(host.dir, 'instances', spec.id)))).toBe('running');
      expect(await processes(spec)).toHaveLength(2);
      await killedDuring('freeze', spec, inFreeze);
      await driver.freeze(spec);
      expect((await driver.inspect(spec.id)).status).toBe('frozen');
      await driver.unfreeze(spec);
      await killedDuring('snapshot', spec, inSnapshot);
      await driver.createSnapshot(spec, 'snap');
      expect((await driver.inspect(spec.id)).status).toBe('running');
      await killedDuring('stop', spec, inStop);
      await driver.stop(spec, { force: true, timeoutSeconds: 10 });
      expect((await driver.inspect(spec.id)).status).toBe('stopped');
      expect(await processes(spec)).toEqual([]);
      await driver.restoreSnapshot(spec, 'snap');
      await killedDuring('delete', spec, inDelete);
      await driver.delete(spec.id);
      expect(existsSync(join(host.dir, 'instances', spec.id))).toBe(false);
    },
  );
});
