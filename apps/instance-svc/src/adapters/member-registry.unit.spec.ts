import type { Heartbeat } from '@weft/contracts';
import { MemberRegistry } from './member-registry';

const heartbeat = (member: string): Heartbeat => ({ member, bootId: 'b', instances: [] }) as unknown as Heartbeat;
const registry = (patienceMs = 60_000, now: () => number = () => 100_000) => new MemberRegistry(20_000, now, patienceMs);
/** Whether a promise has come to its end in this turn of the loop. */
const isOver = (promise: Promise<void>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);

describe('just after its own start', () => {
  it('waits for a member that it remembers until that is heard of', async () => {
    const members = registry();
    members.remember(heartbeat('host1'), 0);
    members.remember(heartbeat('host2'), 0);
    const one = members.heard('host1');
    const all = members.heard();
    expect(members.get('host1')?.online).toBe(false);
    expect(await isOver(one)).toBe(false);
    members.observe(heartbeat('host1'));
    await one;
    expect(members.get('host1')?.online).toBe(true);
    expect(await isOver(all)).toBe(false);
    members.observe(heartbeat('host2'));
    await all;
  });

  it('waits for the first of all when it knows none', async () => {
    const members = registry();
    const any = members.heard();
    expect(await isOver(any)).toBe(false);
    members.observe(heartbeat('host1'));
    await any;
  });

  it('goes on with those that are there when another stays away', async () => {
    let now = 0;
    const members = registry(10_000, () => now);
    members.remember(heartbeat('host1'), 0);
    members.remember(heartbeat('gone'), 0);
    const any = members.heard();
    members.observe(heartbeat('host1'));
    expect(await isOver(any)).toBe(false);
    now = 3_000;
    members.observe(heartbeat('host1'));
    await any;
    expect(members.expected('gone')).toBe(true);
  });

  it('gives up after a while', async () => {
    const members = registry(1);
    members.remember(heartbeat('host1'), 0);
    await members.heard('host1');
    expect(members.get('host1')?.online).toBe(false);
  });
});

it('waits for nobody later', async () => {
  let now = 0;
  const members = registry(10_000, () => now);
  members.remember(heartbeat('host1'), 0);
  expect(members.expected('host1')).toBe(true);
  now = 10_000;
  expect(members.expected('host1')).toBe(false);
  expect(await isOver(members.heard('host1'))).toBe(true);
  expect(await isOver(members.heard())).toBe(true);
});
