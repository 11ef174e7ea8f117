import { promises as fs } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Cgroups } from '@weft/lxc';
import type { HostLimits } from './container-limits';

/** What this host offers to containers, found out and not assumed. */
export interface HostFeatures {
  limits: HostLimits;
  apparmor: boolean;
  lxcfs?: string;
}

export async function detectFeatures(cgroups: Cgroups): Promise<HostFeatures> {
  const memsw = cgroups.layout.v1['memory'] ? await exists(`${cgroups.layout.v1['memory']}/memory.memsw.limit_in_bytes`) : false;
  const apparmor = await fs.readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => 'N');
  const lxcfs = '/var/lib/lxcfs';
  return {
    limits: { cpus: await onlineCpus(), memoryBytes: totalmem(), version: (controller) => cgroups.version(controller), swapAccounting: memsw },
    apparmor: apparmor.startsWith('Y'),
    ...((await exists(`${lxcfs}/proc/meminfo`)) ? { lxcfs } : {}),
  };
}

/** "0-1,3" -> [0, 1, 3] */
async function onlineCpus(): Promise<number[]> {
  const text = await fs.readFile('/sys/devices/system/cpu/online', 'utf8').catch(() => `0-${availableParallelism() - 1}`);
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

const exists = (path: string): Promise<boolean> =>
  fs.access(path).then(
    () => true,
    () => false,
  );
