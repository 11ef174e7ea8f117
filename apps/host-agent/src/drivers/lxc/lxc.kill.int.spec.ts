/**
 * A kill -9 of the agent at any moment of any action, and the same action again by the next agent: it works, within
 * bounded time, and what runs runs once.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { InstanceSpec } from '@weft/contracts';
import { Cgroups } from '@weft/lxc';
import { eventually } from '@weft/testing';
import { noProgress } from '../contract-subject';
import { killedAfter, type Moment, randomDelays } from '../victim-process';
import { monitorGroup } from './container-config';
import type { LxcDriver } from './lxc.driver';
import { describeLxc, LxcTestbed, shell, TINY, tracesOf } from './lxc.testbed';

jest.setTimeout(120_000);
const VICTIM = resolve(__dirname, 'lxc.victim.ts');
const ACTIONS = ['create', 'start', 'freeze', 'snapshot', 'stop', 'delete'] as const;

/** Set WEFT_KILL_SEED to repeat a run. */
const SEED = Number(process.env['WEFT_KILL_SEED'] ?? Date.now() % 2 ** 31);
const ROUNDS = 3;
/** Actions take 20 to 60 ms on an idle machine. */
const LONGEST_MS = 80;

describeLxc(`lxc, its agent killed (seed ${SEED})`, () => {
  let bed: LxcTestbed;
  let driver: LxcDriver;
  let cgroups: Cgroups;
  let lower: string;

  beforeAll(async () => {
    bed = await LxcTestbed.open();
    cgroups = await Cgroups.detect();
    lower = await bed.images.containerRoot(TINY, { idmapBase: 1_000_000 });
  });
  beforeEach(() => {
    driver = bed.driver();
  });
  afterEach(async () => {
    for (const id of await driver.list()) await driver.delete(id);
  });
  afterAll(() => bed.close());

  /** Lets an agent of its own begin the action, kills it, and goes on with a new one. */
  async function killedDuring(what: (typeof ACTIONS)[number], spec: InstanceSpec, when: Moment = 0): Promise<void> {
    await killedAfter(when, VICTIM, [bed.dir, lower, JSON.stringify(spec), what]);
    driver = bed.driver();
  }

  /** One monitor; an `lxc-start` whose container was adopted ends a moment after it. */
  const runsOnce = (id: string): Promise<boolean> => eventually(async () => (await cgroups.processes(monitorGroup(id))).length === 1, { what: 'one monitor' });

  async function liveThrough(delaysMs: readonly number[]): Promise<void> {
    const [inCreate, inStart, inFreeze, inSnapshot, inStop, inDelete] = delaysMs;
    const spec = bed.spec('victim');
    await killedDuring('create', spec, inCreate);
    await driver.create(spec, { kind: 'image', fingerprint: TINY }, {}, noProgress);
    await killedDuring('start', spec, inStart);
    await driver.start(spec, 7);
    expect(await driver.inspect(spec.id)).toMatchObject({ status: 'running', epoch: 7 });
    await runsOnce(spec.id);
    expect(await shell(driver, spec, 'echo up')).toBe('up');
    await killedDuring('freeze', spec, inFreeze);
    await driver.freeze(spec);
    expect((await driver.inspect(spec.id)).status).toBe('frozen');
    await driver.unfreeze(spec);
    await killedDuring('snapshot', spec, inSnapshot);
    await driver.createSnapshot(spec, 'snap');
    expect((await driver.inspect(spec.id)).status).toBe('running');
    expect(await shell(driver, spec, 'echo thawed')).toBe('thawed');
    await killedDuring('stop', spec, inStop);
    await driver.stop(spec, { force: false, timeoutSeconds: 20 });
    expect((await driver.inspect(spec.id)).status).toBe('stopped');
    expect(await tracesOf(cgroups, spec.id)).toEqual([]);
    await driver.restoreSnapshot(spec, 'snap');
    await killedDuring('delete', spec, inDelete);
    await driver.delete(spec.id);
    expect(existsSync(join(bed.dir, 'instances', spec.id))).toBe(false);
    expect(await tracesOf(cgroups, spec.id)).toEqual([]);
  }

  it.each([0, 3, 8, 20, 40])('%i ms into everything: done again it works, and runs once', (delayMs) => liveThrough(ACTIONS.map(() => delayMs)));

  const random = randomDelays(SEED, ROUNDS * ACTIONS.length, LONGEST_MS);
  it.each(Array.from({ length: ROUNDS }, (_, round) => random.slice(round * ACTIONS.length, (round + 1) * ACTIONS.length)))(
    '%i, %i, %i, %i, %i and %i ms into create, start, freeze, snapshot, stop and delete',
    (...delaysMs) => liveThrough(delaysMs),
  );

  it.each([
    ['before it has an init', 'pre-start'],
    ['with an init that never becomes the guest', 'mount'],
  ])('clears away a start that hangs %s, and whose agent is gone', async (_, hook) => {
    const spec = bed.spec('hanging');
    await driver.create(spec, { kind: 'image', fingerprint: TINY }, {}, noProgress);
    // Without a version liblxc adds arguments of its own. The hook ends by itself: nobody's group has it before the monitor's has.
    const hanging = { ...spec, config: { 'raw.lxc': `lxc.hook.version = 1\nlxc.hook.${hook} = /bin/sleep 30` } };
    await killedDuring('start', hanging, () => eventually(async () => (await tracesOf(cgroups, spec.id)).length > 1));
    await expect(driver.freeze(spec)).rejects.toMatchObject({ code: 'instance.wrong-status' });
    await driver.start(spec, 7);
    expect(await driver.inspect(spec.id)).toMatchObject({ status: 'running', epoch: 7 });
    await runsOnce(spec.id);
    await killedDuring('stop', spec);
    await driver.stop(spec, { force: true, timeoutSeconds: 0 });
    expect(await tracesOf(cgroups, spec.id)).toEqual([]);
  });
});
