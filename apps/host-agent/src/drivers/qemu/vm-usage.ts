import { readFile, stat } from 'node:fs/promises';
import type { InstanceUsage } from '@weft/contracts';
import { runProgram } from '../../storage/vm-program';
import type { VmPaths } from './vm-paths';
import { findProcess } from './vm-process';

const NANOSECONDS = 1_000_000_000;
let ticksPerSecond: Promise<number> | undefined;

/** What the VM takes from the host: QEMU's process and the root disk's own blocks. */
export async function vmUsage(paths: VmPaths, guestProcesses: () => Promise<number>): Promise<InstanceUsage> {
  const pid = await findProcess(paths);
  const blocks = await stat(paths.disk).then(
    ({ blocks }) => blocks,
    () => 0,
  );
  const [cpu, memory, processes] =
    pid === undefined ? [0, { usage: 0, peak: 0 }, 0] : await Promise.all([cpuNanoseconds(pid), memoryBytes(pid), guestProcesses()]);
  return {
    disk: { root: { usage: blocks * 512 } },
    memory: { usage: memory.usage, usage_peak: memory.peak, swap_usage: 0, swap_usage_peak: 0 },
    network: null,
    pid: pid ?? 0,
    processes,
    cpu: { usage: cpu },
  };
}

/** proc(5): fields 14 and 15 of stat are user and system time in clock ticks; the name in field 2 may hold spaces. */
async function cpuNanoseconds(pid: number): Promise<number> {
  ticksPerSecond ??= runProgram('getconf', ['CLK_TCK']).then(Number, () => 100);
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return Math.round((ticks / (await ticksPerSecond)) * NANOSECONDS);
}

async function memoryBytes(pid: number): Promise<{ usage: number; peak: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { usage: kib('VmRSS'), peak: kib('VmHWM') };
}
