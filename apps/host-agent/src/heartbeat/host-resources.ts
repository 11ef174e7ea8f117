import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import type { Heartbeat } from '@weft/contracts';
import type { CoreSchedulingSupport } from '../core-scheduling/core-scheduling';

type HostResources = Heartbeat['resources'];

/** Architectures by the names that LXD and images use (uname -m). */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  arm: 'armv7l',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
};
export const hostArchitecture = (): string => ARCHITECTURES[arch()] ?? arch();

/** What the host has; sizes in bytes, the disk is the one that holds `dir`. */
export async function hostResources(dir: string, coreScheduling: CoreSchedulingSupport): Promise<HostResources> {
  const [disk, memory, os] = await Promise.all([statfs(dir), memoryInfo(), osRelease()]);
  return {
    cpus: availableParallelism(),
    memoryBytes: memory.MemTotal ?? totalmem(),
    memoryFreeBytes: memory.MemAvailable ?? 0,
    diskBytes: disk.blocks * disk.bsize,
    diskFreeBytes: disk.bavail * disk.bsize,
    architecture: hostArchitecture(),
    kernelVersion: release(),
    osName: os.NAME ?? 'Linux',
    osVersion: os.VERSION_ID ?? '',
    coreScheduling,
  };
}

/** /proc/meminfo in bytes, by its own names; see proc(5). */
export async function memoryInfo(): Promise<Partial<Record<string, number>>> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return Object.fromEntries([...text.matchAll(/^(\S+):\s+(\d+)( kB)?$/gm)].map(([, key, value, unit]) => [key, Number(value) * (unit ? 1024 : 1)]));
}

/** os-release(5). */
async function osRelease(): Promise<Partial<Record<string, string>>> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)].map(([, key, value]) => [key, value]));
}
