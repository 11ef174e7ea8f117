import { newId, type InstanceSpec } from '@weft/contracts';
import type { Driver } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';
import { LookList } from './look-list';

/** A host with instances of one driver, all stopped. */
function host(count: number) {
  const present = new Set(Array.from({ length: count }, newId));
  let now = 0;
  const driver = { list: () => Promise.resolve([...present]) } as unknown as Driver;
  const drivers = { all: () => [driver], get: () => driver } as unknown as DriverRegistry;
  const spec = (id: string) => Promise.resolve(present.has(id) ? ({ id, type: 'container' } as InstanceSpec) : undefined);
  const list = new LookList({ drivers, instances: { spec }, clock: () => now });
  const due = async (): Promise<string[]> => (await list.due()).map(({ id }) => id);
  const lookAndRest = async (): Promise<string[]> => {
    const ids = await due();
    for (const id of ids) list.rest(id);
    return ids;
  };
  return { present, list, due, lookAndRest, pass: (ms: number) => (now += ms) };
}

describe('which instances a look inspects', () => {
  it('all at first, and none of those that rest', async () => {
    const { lookAndRest, due } = host(100);
    expect(await lookAndRest()).toHaveLength(100);
    expect(await due()).toEqual([]);
  });

  it('each one that rests once in a sweep, a few with each look', async () => {
    const { lookAndRest, pass } = host(90);
    await lookAndRest();
    const seen: string[] = [];
    for (let second = 1; second < 30; second += 1) {
      pass(1_000);
      const ids = await lookAndRest();
      expect(ids.length).toBeLessThanOrEqual(3);
      seen.push(...ids);
    }
    expect(new Set(seen).size).toBe(87);
  });

  it('those that run, with every look', async () => {
    const { lookAndRest, due, list, present } = host(3);
    const ids = await due();
    ids.slice(1).forEach((id) => list.rest(id));
    expect(await due()).toEqual([ids[0]]);
    expect(await lookAndRest()).toEqual([ids[0]]);
    expect(present.size).toBe(3);
  });

  it('one that was touched: changed, new or gone', async () => {
    const { lookAndRest, due, list, present } = host(2);
    const [changed, gone] = (await lookAndRest()) as [string, string];
    const fresh = newId();
    present.add(fresh);
    present.delete(gone);
    for (const id of [changed, gone, fresh]) list.touch(id);
    expect(new Set(await due())).toEqual(new Set([changed, fresh]));
    expect(list.has(gone)).toBe(false);
  });

  it('one that was touched while it was inspected, again', async () => {
    const { due, list } = host(1);
    const [id] = (await due()) as [string];
    list.touch(id);
    list.rest(id);
    expect(await due()).toEqual([id]);
  });

  it('what came without a word, with the next sweep', async () => {
    const { lookAndRest, present, due, pass } = host(1);
    await lookAndRest();
    const fresh = newId();
    present.add(fresh);
    pass(30_000);
    expect(await due()).toContain(fresh);
  });
});
