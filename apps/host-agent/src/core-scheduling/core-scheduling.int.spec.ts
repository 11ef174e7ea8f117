/**
 * On this machine's kernel what it answers, and in a virtual machine with the real thing. No kernel of Debian has core
 * scheduling: tools/images/build-sched-core-kernel.sh builds one, WEFT_SCHED_CORE_KERNEL says where it is.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { scratchDir } from '@weft/testing';
import { coreSchedulingState, detectCoreScheduling } from './core-scheduling';
import { runSchedCoreGuest } from './sched-core-guest.fixture';

it('says what this kernel can, and shows of a process no more than that', async () => {
  const support = detectCoreScheduling();
  expect(support.reason).not.toBe('no-binding');
  expect(support.available || support.detail).toBeTruthy();
  const child = spawn('sleep', ['100']);
  await once(child, 'spawn');
  const state = await coreSchedulingState(child.pid ?? 0, { config: {} }, support);
  expect(state).toMatchObject({ active: false, threads: 1, isolated: 0 });
  child.kill('SIGKILL');
});

const kernel = process.env.WEFT_SCHED_CORE_KERNEL;
const withKernel = kernel
  ? it
  : (name: string, ..._: unknown[]) => it.skip(`${name} (needs a kernel: tools/images/build-sched-core-kernel.sh, WEFT_SCHED_CORE_KERNEL)`, () => undefined);

withKernel(
  'isolates every thread, also later ones, containers with what is attached to them, and the kernel enforces it',
  async () => {
    const scratch = await scratchDir();
    const result = await runSchedCoreGuest(scratch.path, kernel ?? '');
    await scratch.remove();
    expect(result).toMatchObject({
      support: { available: true },
      siblings: expect.stringMatching(/^0[-,]1$/),
      threads: {
        before: { active: false, isolated: 0 },
        isolated: { active: true },
        later: { active: true },
        inherited: true,
      },
      container: { isolated: true, alike: true },
    });
    const { threads, shared, apart } = result as { threads: Record<'isolated' | 'later', { threads: number }>; shared: number; apart: number };
    expect(threads.later.threads).toBeGreaterThan(threads.isolated.threads);
    // CPU time in each second: side by side up to 2, in turns 1.
    expect(shared).toBeGreaterThan(1.5);
    expect(apart).toBeLessThan(1.2);
  },
  600_000,
);
