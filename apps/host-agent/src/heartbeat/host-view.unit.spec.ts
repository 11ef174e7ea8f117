import { type InstanceSpec, type InstanceUsage, newId } from '@weft/contracts';
import { createLogger } from '@weft/platform';
import type { Driver } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';
import type { InstanceStore } from '../instances/instance-store';
import { HostView } from './host-view';

/** A host on which guests of one driver run. */
function host(count: number) {
  const running = Array.from({ length: count }, newId);
  const asked: string[] = [];
  let now = 1_000_000;
  const driver = {
    list: () => Promise.resolve(running),
    inspect: () => Promise.resolve({ status: 'running', epoch: 1 }),
    usage: ({ id }: InstanceSpec) => {
      asked.push(id);
      return Promise.resolve({ pid: asked.length } as InstanceUsage);
    },
  } as unknown as Driver;
  const instances = {
    spec: (id: string) => Promise.resolve({ id, type: 'container' } as InstanceSpec),
    state: () => Promise.resolve({ created: true, epoch: 1, lastStatus: 'running' }),
  } as unknown as InstanceStore;
  const drivers = { all: () => [driver], get: () => driver } as unknown as DriverRegistry;
  const view = new HostView({ drivers, instances, isBusy: () => false, clock: () => now, logger: createLogger('test', 'silent') });
  const look = async (passedMs: number): Promise<string[]> => {
    now += passedMs;
    const reports = await view.look();
    expect(reports.filter(({ usage }) => usage)).toHaveLength(running.length);
    return asked.splice(0);
  };
  return { running, look };
}

describe('what guests use', () => {
  it('is looked up every two seconds for a few', async () => {
    const { look } = host(3);
    expect(await look(0)).toHaveLength(3);
    expect(await look(1_000)).toEqual([]);
    expect(await look(1_000)).toHaveLength(3);
  });

  it('is looked up for a hundred in turn, ten with each look', async () => {
    const { running, look } = host(100);
    expect(await look(0)).toHaveLength(100);
    await look(20_000);
    const turns: string[][] = [];
    for (let second = 0; second < 10; second += 1) turns.push(await look(1_000));
    expect(turns.map(({ length }) => length)).toEqual(Array(10).fill(10));
    expect(new Set(turns.flat())).toEqual(new Set(running));
  });

  it('is looked up first for those that came up a moment ago', async () => {
    const { running, look } = host(100);
    await look(0);
    await look(20_000);
    running.push(newId());
    const young = running.at(-1)!;
    // A list of what is on the disk is taken every thirty seconds.
    expect(await look(30_000)).toContain(young);
    for (let turn = 0; turn < 3; turn += 1) expect(await look(2_000)).toContain(young);
  });
});
