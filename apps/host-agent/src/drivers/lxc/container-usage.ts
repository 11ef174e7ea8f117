import type { InstanceUsage } from '@weft/contracts';
import type { Cgroups } from '@weft/lxc';
import { containerGroup } from './container-config';

/** What a container uses, from its control groups; `network` comes with the network cards. */
export async function containerUsage(cgroups: Cgroups, instanceId: string, pid: number, diskBytes: number): Promise<InstanceUsage> {
  const group = containerGroup(instanceId);
  const number = async (read: Promise<string | undefined>): Promise<number> => {
    const value = Number((await read) ?? 0);
    return Number.isFinite(value) ? value : 0;
  };
  const isV1 = cgroups.version('memory') === 1;
  const memory = (v1: string, v2: string): Promise<number> => number(cgroups.read('memory', group, isV1 ? v1 : v2));
  const [usage, usage_peak, withSwap, withSwapPeak, processes, cpu] = await Promise.all([
    memory('memory.usage_in_bytes', 'memory.current'),
    memory('memory.max_usage_in_bytes', 'memory.peak'),
    memory('memory.memsw.usage_in_bytes', 'memory.swap.current'),
    memory('memory.memsw.max_usage_in_bytes', 'memory.swap.peak'),
    number(cgroups.read('pids', group, 'pids.current')),
    cpuNanoseconds(cgroups, group),
  ]);
  return {
    disk: { root: { usage: diskBytes } },
    memory: {
      usage,
      usage_peak: Math.max(usage, usage_peak),
      swap_usage: isV1 ? Math.max(0, withSwap - usage) : withSwap,
      swap_usage_peak: isV1 ? Math.max(0, withSwapPeak - usage_peak) : withSwapPeak,
    },
    network: null,
    pid,
    processes,
    cpu: { usage: cpu },
  };
}

/** Version 1: cpuacct.usage, nanoseconds. Version 2: "usage_usec n" in cpu.stat. */
async function cpuNanoseconds(cgroups: Cgroups, group: string): Promise<number> {
  if (cgroups.version('cpuacct') === 1) return Number((await cgroups.read('cpuacct', group, 'cpuacct.usage')) ?? 0);
  const stat = (await cgroups.read('cpuacct', group, 'cpu.stat')) ?? '';
  return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000;
}

export const STOPPED_USAGE: Omit<InstanceUsage, 'disk'> = {
  memory: { usage: 0, usage_peak: 0, swap_usage: 0, swap_usage_peak: 0 },
  network: null,
  pid: 0,
  processes: 0,
  cpu: { usage: 0 },
};
