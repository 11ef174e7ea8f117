import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { newId, taskSubject, tasksStreamConfig } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { AgentTestbed, MEMBER } from './agent.testbed';

jest.setTimeout(60_000);

describe('host agent: tasks', () => {
  let bed: AgentTestbed;

  beforeAll(async () => {
    bed = await AgentTestbed.start();
  });
  beforeEach(() => bed.startAgent());
  afterEach(() => bed.endAgent('SIGKILL'));
  afterAll(() => bed.stop());

  const consoleLog = (id: string) => readFile(join(bed.dir, 'instances', id, 'log/console.log'), 'utf8');
  const queueIsEmpty = () =>
    eventually(async () => (await (await jetstreamManager(bed.nc)).streams.info(tasksStreamConfig.name)).state.messages === 0, {
      what: 'every task to be acknowledged',
    });

  /** Resolves when a task about the instance is under way: heartbeats leave it out then. */
  const busy = (id: string) => {
    const from = bed.heartbeats.length;
    return eventually(() => bed.heartbeats.slice(from + 1).some((beat) => !beat.instances.some((one) => one.id === id)), { what: 'a task under way' });
  };

  it('does a repeated task once and answers it again', async () => {
    const instance = await bed.created();
    const taskId = newId();
    for (let count = 1; count <= 3; count += 1) expect(await bed.run('instance.start', { instance, epoch: 1 }, taskId)).toMatchObject({ taskId, ok: true });
    await bed.run('instance.stop', { instance, epoch: 1, force: true, timeoutSeconds: 5 });
    // Stopped since, but this very order was carried out already.
    expect(await bed.run('instance.start', { instance, epoch: 1 }, taskId)).toMatchObject({ ok: true });
    expect((await consoleLog(instance.id)).match(/starts, epoch/g)).toHaveLength(1);
    await queueIsEmpty();
  });

  it('finishes a task in whose middle it was killed, once, after its restart', async () => {
    const instance = await bed.created({ config: { 'user.sim.delay_ms': '1500' } });
    const taskId = await bed.queue('instance.start', { instance, epoch: 1 });
    // The order is admitted (its epoch is written) before the guest starts.
    await eventually(async () => (JSON.parse(await readFile(join(bed.dir, 'instances', instance.id, 'state.json'), 'utf8')) as { epoch: number }).epoch === 1);
    await bed.endAgent('SIGKILL');
    expect(bed.results.filter((result) => result.taskId === taskId)).toEqual([]);
    await bed.startAgent();
    expect(await bed.result(taskId)).toMatchObject({ ok: true });
    expect((await consoleLog(instance.id)).match(/starts, epoch/g)).toHaveLength(1);
    await bed.heard(instance.id, ({ status }) => status === 'running');
    await queueIsEmpty();
  });

  it('leaves guests running on SIGTERM and finds them after the next start', async () => {
    const instance = await bed.started();
    await bed.endAgent('SIGTERM');
    const boots = new Set(bed.heartbeats.map((beat) => beat.bootId));
    const hostBoots = new Set(bed.heartbeats.map((beat) => beat.hostBootId));
    await bed.startAgent();
    expect(await bed.heard(instance.id, () => true)).toMatchObject({ status: 'running', epoch: 1 });
    expect(boots.has(bed.heartbeats.at(-1)!.bootId)).toBe(false);
    // The host itself did not boot.
    expect([...hostBoots]).toEqual([(await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()]);
    expect(hostBoots.has(bed.heartbeats.at(-1)!.hostBootId)).toBe(true);
  });

  it('refuses orders of an older epoch, also after a restart', async () => {
    const instance = await bed.created();
    await bed.run('instance.start', { instance, epoch: 5 });
    await bed.run('instance.stop', { instance, epoch: 5, force: true, timeoutSeconds: 5 });
    const stale = { ok: false, error: { code: 'task.stale-epoch' } };
    expect(await bed.run('instance.start', { instance, epoch: 4 })).toMatchObject(stale);
    await bed.endAgent('SIGKILL');
    await bed.startAgent();
    expect(await bed.run('instance.start', { instance, epoch: 4 })).toMatchObject(stale);
    expect(await bed.run('instance.stop', { instance, epoch: 4, force: true, timeoutSeconds: 5 })).toMatchObject(stale);
    expect(await bed.run('instance.start', { instance, epoch: 6 })).toMatchObject({ ok: true });
  });

  it('works on one instance one task after the other, on several at once', async () => {
    const slow = { config: { 'user.sim.delay_ms': '700' } };
    const [one, two] = await Promise.all([bed.created(slow), bed.created(slow)]);
    const order: string[] = [];
    const note = async (name: string, taskId: Promise<string>) => {
      const result = await bed.result(await taskId);
      expect(result).toMatchObject({ ok: true });
      order.push(name);
    };
    await Promise.all([
      note('one started', bed.queue('instance.start', { instance: one, epoch: 1 })),
      note('one stopped', bed.queue('instance.stop', { instance: one, epoch: 1, force: true, timeoutSeconds: 5 })),
      note('two started', bed.queue('instance.start', { instance: two, epoch: 1 })),
    ]);
    expect(order.indexOf('one started')).toBeLessThan(order.indexOf('one stopped'));
    await bed.heard(two.id, ({ status }) => status === 'running');
    expect(await bed.heard(one.id, () => true)).toMatchObject({ status: 'stopped' });
  });

  it('ends a polite stop that hangs when one with force comes: both succeed', async () => {
    const instance = await bed.started({ config: { 'user.sim.ignores_shutdown': 'true' } });
    const polite = await bed.queue('instance.stop', { instance, epoch: 1, force: false, timeoutSeconds: -1 });
    await busy(instance.id);
    expect(await bed.run('instance.stop', { instance, epoch: 1, force: true, timeoutSeconds: 5 })).toMatchObject({ ok: true });
    expect(await bed.result(polite)).toMatchObject({ ok: true });
    expect(await bed.heard(instance.id, () => true)).toMatchObject({ status: 'stopped' });
    await queueIsEmpty();
  });

  it('ends a polite stop that hangs for a delete', async () => {
    const instance = await bed.started({ config: { 'user.sim.ignores_shutdown': 'true' } });
    const polite = await bed.queue('instance.stop', { instance, epoch: 1, force: false, timeoutSeconds: -1 });
    await busy(instance.id);
    expect(await bed.run('instance.delete', { instanceId: instance.id, type: 'container' })).toMatchObject({ ok: true });
    expect(await bed.result(polite)).toMatchObject({ ok: true });
    expect(existsSync(join(bed.dir, 'instances', instance.id))).toBe(false);
  });

  it('takes an order back: one that waits, one that has not come yet, one that is done', async () => {
    const instance = await bed.started({ config: { 'user.sim.ignores_shutdown': 'true' } });
    const cancelled = { ok: false, error: { code: 'operation.cancelled' } };
    const waiting = await bed.queue('instance.stop', { instance, epoch: 1, force: false, timeoutSeconds: -1 });
    await busy(instance.id);
    expect(await bed.run('task.cancel', { taskId: waiting })).toMatchObject({ ok: true });
    expect(await bed.result(waiting)).toMatchObject(cancelled);
    const late = newId();
    await bed.run('task.cancel', { taskId: late });
    expect(await bed.run('instance.stop', { instance, epoch: 1, force: true, timeoutSeconds: 5 }, late)).toMatchObject(cancelled);
    expect(await bed.heard(instance.id, () => true)).toMatchObject({ status: 'running' });
    const done = newId();
    await bed.run('instance.stop', { instance, epoch: 1, force: true, timeoutSeconds: 5 }, done);
    await bed.run('task.cancel', { taskId: done });
    expect(await bed.run('instance.stop', { instance, epoch: 1, force: true, timeoutSeconds: 5 }, done)).toMatchObject({ ok: true });
    await queueIsEmpty();
  });

  it('leaves an instance out of heartbeats while a task is under way', async () => {
    const instance = await bed.created({ config: { 'user.sim.delay_ms': '2500' } });
    const from = bed.heartbeats.length;
    const taskId = await bed.queue('instance.start', { instance, epoch: 1 });
    await eventually(() => bed.heartbeats.length >= from + 2, { what: 'heartbeats meanwhile' });
    expect(bed.results.some((result) => result.taskId === taskId)).toBe(false);
    expect(bed.heartbeats.at(-1)!.instances.some(({ id }) => id === instance.id)).toBe(false);
    await bed.result(taskId);
    expect(await bed.heard(instance.id, ({ status }) => status === 'running')).toMatchObject({ epoch: 1 });
  });

  it('leaves nothing of a create that failed', async () => {
    const instance = bed.spec({ imageFingerprint: 'f'.repeat(64) });
    const result = await bed.run('instance.create', { instance, source: { kind: 'image', fingerprint: 'f'.repeat(64) }, snapshots: {} });
    expect(result).toMatchObject({ ok: false, error: { code: 'image.not-found' } });
    expect(existsSync(join(bed.dir, 'instances', instance.id))).toBe(false);
  });

  it('deletes an instance and everything of it, once and again', async () => {
    const instance = await bed.started();
    for (let round = 0; round < 2; round += 1)
      expect(await bed.run('instance.delete', { instanceId: instance.id, type: 'container' })).toMatchObject({ ok: true });
    expect(existsSync(join(bed.dir, 'instances', instance.id))).toBe(false);
    expect(await bed.run('instance.start', { instance, epoch: 2 })).toMatchObject({ ok: false, error: { code: 'instance.not-found' } });
  });

  it('answers an unreadable task with what is wrong, and takes no path for an id', async () => {
    const taskId = newId();
    await jetstream(bed.nc).publish(taskSubject(MEMBER), JSON.stringify({ taskId, kind: 'instance.start', body: { epoch: 'one' } }));
    expect(await bed.result(taskId)).toMatchObject({ ok: false, error: { code: 'request.invalid' } });
    await jetstream(bed.nc).publish(taskSubject(MEMBER), 'not json');
    const escaping = { ...bed.spec(), id: '../../../../tmp/weft-escaped' };
    expect(await bed.run('instance.create', { instance: escaping, source: { kind: 'none' }, snapshots: {} })).toMatchObject({
      ok: false,
      error: { code: 'request.invalid' },
    });
    await queueIsEmpty();
  });

  it('works on when the broker loses its store', async () => {
    await bed.nats.kill9();
    await (await import('node:fs/promises')).rm(bed.nats.storeDir, { recursive: true, force: true });
    await bed.nats.restart();
    const instance = bed.spec();
    const taskId = newId();
    const create = () => bed.queue('instance.create', { instance, source: { kind: 'none' }, snapshots: {} }, taskId);
    // The stream is made anew by the agent; until then there is nothing to publish to.
    await eventually(() => create().then(() => true), { timeoutMs: 30_000 });
    expect(await bed.result(taskId)).toMatchObject({ ok: true });
  });
});
