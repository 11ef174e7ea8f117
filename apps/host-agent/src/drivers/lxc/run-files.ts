import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { type InstanceSpec, WeftError } from '@weft/contracts';
import { type Cgroups, type IdMapping, type MountEntry, renderLxcConfig, seccompPolicy } from '@weft/lxc';
import { containerConfig, isPrivileged } from './container-config';
import type { HostFeatures } from './container-host';
import type { CgroupValue } from './container-limits';

export interface RunFiles {
  /** The instance's directory. */
  dir: string;
  rootfs: string;
  idmap: IdMapping;
  features: HostFeatures;
  cgroups: Cgroups;
  limits: readonly CgroupValue[];
  disks: readonly MountEntry[];
  coreScheduling: boolean;
  /** Written by container-wires.ts. */
  wireHook?: string;
}

export const logFile = (dir: string, name: 'lxc.log' | 'console.log'): string => join(dir, 'log', name);

/**
 * What one run reads and writes: `config` and `seccomp` for liblxc, empty logs.
 * @throws WeftError config.invalid for a value that cannot be written into the configuration
 */
export async function writeRunFiles(spec: InstanceSpec, run: RunFiles): Promise<void> {
  const seccompProfile = join(run.dir, 'seccomp');
  const consoleLog = logFile(run.dir, 'console.log');
  const config = containerConfig(spec, {
    ...(isPrivileged(spec) ? {} : { idmap: run.idmap }),
    ...(run.features.lxcfs ? { lxcfs: run.features.lxcfs } : {}),
    apparmor: run.features.apparmor,
    deviceRules: run.cgroups.version('devices'),
    rootfs: run.rootfs,
    seccompProfile,
    consoleLog,
    limits: run.limits,
    disks: run.disks,
    coreScheduling: run.coreScheduling,
    ...(run.wireHook ? { wireHook: run.wireHook } : {}),
  });
  await fs.mkdir(join(run.dir, 'log'), { recursive: true, mode: 0o700 });
  for (const file of [logFile(run.dir, 'lxc.log'), consoleLog, `${consoleLog}.1`]) await fs.rm(file, { force: true });
  await fs.writeFile(seccompProfile, seccompPolicy());
  await fs.writeFile(join(run.dir, 'config'), rendered(config), { mode: 0o600 });
}

function rendered(config: Parameters<typeof renderLxcConfig>[0]): string {
  try {
    return renderLxcConfig(config);
  } catch (error) {
    throw new WeftError('config.invalid', (error as Error).message, { cause: error });
  }
}
