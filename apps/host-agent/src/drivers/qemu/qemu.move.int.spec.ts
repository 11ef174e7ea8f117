/**
 * One guest moves between two hosts (directories) while it counts, and stays where it is when a move is ended. Real QEMU,
 * one boot for all.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { newId, type InstanceSpec, type MoveEndpoint } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { fileOptions, noProgress, readText, run, withFiles } from '../contract-subject';
import type { Driver } from '../driver';
import type { LiveMover, SourceOrder } from '../mover';
import { FINGERPRINT, testHost, untilAgentAnswers, type TestHost } from './tiny-vm.fixture';

jest.setTimeout(240_000);
const LIMITS = { bandwidthBytesPerSecond: 0, downtimeMs: 300, longestDowntimeMs: 2_000, timeoutMs: 120_000 };
const never = new AbortController().signal;
const COUNTER = 'n=0; while :; do n=$((n+1)); echo $n >/run/count; echo $n >/root/count; done';

describe('a guest that moves', () => {
  let hosts: TestHost[];
  let drivers: Driver[];
  let vm: InstanceSpec;
  /** Where it runs. */
  let here = 0;
  let epoch = 1;

  const driver = (at = here): Driver => drivers[at]!;
  const live = (at: number): LiveMover => driver(at).mover.live!;
  const status = async (at: number) => (await driver(at).inspect(vm.id)).status;
  const count = async (file = '/run/count') => Number((await run(driver(), vm, ['cat', file])).stdout);

  beforeAll(async () => {
    hosts = [await testHost(), await testHost()];
    drivers = hosts.map((host) => host.open());
    vm = hosts[0]!.spec('mover', { 'migration.stateful': 'true' });
    await driver().create(vm, { kind: 'image', fingerprint: FINGERPRINT }, {}, noProgress);
    await driver().start(vm, epoch);
    await untilAgentAnswers(driver(), vm);
    await run(driver(), vm, ['sh', '-c', `(${COUNTER}) >/dev/null 2>&1 </dev/null &`]);
    await driver().createSnapshot(vm, 'before');
  });
  afterAll(async () => {
    for (const one of drivers) for (const id of await one.list()) await one.delete(id);
    for (const host of hosts) await host.remove();
  });

  async function prepared(): Promise<{ order: SourceOrder; to: number }> {
    const [from, to, migrationId] = [here, 1 - here, newId()];
    epoch += 1;
    const { abi = {}, diskBytes, blockers } = await driver(from).mover.facts(vm);
    expect(blockers).toEqual([]);
    const files = async () => {
      const archive = await driver(from).mover.send(vm.id, 'beside');
      await driver(to).mover.receive(vm, 'beside', archive.stream as Readable);
      await archive.done;
    };
    await mkdir(`${hosts[to]!.dir}/instances/${vm.id}`, { recursive: true });
    const target = { migrationId, epoch, abi, diskBytes, address: '127.0.0.1' };
    const endpoint: MoveEndpoint = await live(to).prepareTarget(vm, target, files);
    expect(await live(to).prepareTarget(vm, target, files)).toEqual(endpoint);
    return { order: { migrationId, epoch, endpoint, limits: LIMITS, key: await live(to).secret(vm.id, migrationId) }, to };
  }
  const mirror = (order: SourceOrder) => live(here).mirror(vm, order, noProgress, never);

  it('goes on at the target with its memory and its disk, and nowhere else', async () => {
    const { order, to } = await prepared();
    await mirror(order);
    await mirror(order);
    const before = await count();
    await live(here).memory(vm, order, noProgress, never);
    await live(here).memory(vm, order, noProgress, never);
    expect(await status(here)).toBe('running');
    let wentWhole = false;
    const result = await live(here).switchover(vm, order, noProgress, never, async () => void (wentWhole = true));
    expect(wentWhole).toBe(true);
    expect(await live(here).switchover(vm, order, noProgress, never, () => Promise.resolve())).toEqual(result);
    expect([await status(here), await status(to)]).toEqual(['stopped', 'stopped']);
    expect(await live(here).settle(vm, { ...order, reclaim: false })).toBe('handed-over');
    await live(to).confirmTarget(vm.id, order);
    await live(to).confirmTarget(vm.id, order);
    expect([await status(here), await status(to)]).toEqual(['stopped', 'running']);
    expect(await live(to).discardTarget(vm.id, order)).toBe(true);
    await driver(here).delete(vm.id);
    here = to;
    expect(await count()).toBeGreaterThan(before);
    const then = await count();
    await eventually(async () => (await count('/root/count')) > then, { timeoutMs: 30_000 });
    expect(result.downtimeMs).toBeLessThan(LIMITS.longestDowntimeMs);
  });

  it('can be stopped with its state afterwards, and has stateful snapshots', async () => {
    const before = await count();
    await driver().createSnapshot(vm, 'warm', { stateful: true });
    await driver().stop(vm, { force: false, stateful: true, timeoutSeconds: 30 });
    await driver().start(vm, (epoch += 1));
    await eventually(async () => (await count()) > before, { timeoutMs: 30_000 });
    await driver().deleteSnapshot(vm.id, 'warm');
  });

  it('takes its snapshots along', async () => {
    expect(await readdir(`${hosts[here]!.dir}/instances/${vm.id}/snapshots`)).toEqual(['before']);
  });

  it('stays when the move is ended before the hand-over, and nothing is left at the target', async () => {
    const { order, to } = await prepared();
    await mirror(order);
    const before = await count();
    expect(await live(here).settle(vm, { ...order, reclaim: false })).toBe('resumed');
    expect(await live(here).settle(vm, { ...order, reclaim: false })).toBe('resumed');
    expect(await live(to).discardTarget(vm.id, order)).toBe(false);
    expect(await live(to).discardTarget(vm.id, order)).toBe(false);
    expect([await status(here), await driver(to).list()]).toEqual(['running', []]);
    await eventually(async () => (await count()) > before);
  });

  it('comes back when the target is gone after the hand-over, also under new agents', async () => {
    const { order, to } = await prepared();
    await mirror(order);
    await live(here).memory(vm, order, noProgress, never);
    await live(here).switchover(vm, order, noProgress, never, () => Promise.resolve());
    drivers = hosts.map((host) => host.open());
    expect(await live(here).settle(vm, { ...order, reclaim: false })).toBe('handed-over');
    expect(await live(to).discardTarget(vm.id, order)).toBe(false);
    await expect(live(to).confirmTarget(vm.id, order)).rejects.toMatchObject({ code: 'task.failed' });
    expect(await live(here).settle(vm, { ...order, reclaim: true })).toBe('resumed');
    expect(await status(here)).toBe('running');
    const before = await count('/root/count');
    await eventually(async () => (await count('/root/count')) > before, { timeoutMs: 30_000 });
    await withFiles(driver(), vm, (files) => files.write('/root/after', Readable.from(['yes']), fileOptions));
    expect(await withFiles(driver(), vm, (files) => readText(files, '/root/after'))).toBe('yes');
  });
});
