/** Brings a QEMU process up, paused: for a cold start, for memory from a file, and for memory from another host. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type InstanceSpec } from '@weft/contracts';
import { type CoreSchedulingSupport, isolateProcess, wantsCoreScheduling } from '../../core-scheduling/core-scheduling';
import type { HostNetwork } from '../../network/host-network';
import { nicsOf } from '../../network/nic';
import { growDisk } from '../../storage/vm-disk';
import { runProgram } from '../../storage/vm-program';
import type { Accelerator } from './accelerator';
import { extraDisks } from './extra-disks';
import { findFirmware } from './firmware';
import type { GuestAbi } from './guest-abi';
import { machineArguments } from './machine.command';
import { seedFiles, writeSeed } from './nocloud-seed';
import { resetVariables } from './vm-create';
import { prepareTaps } from './vm-nics';
import { cpuLimit, isTrue, rootSizeBytes } from './vm-limits';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';
import { exitCodeNow, findProcess, lastWords, launch } from './vm-process';
import type { VmRecord } from './vm-record';

const LAUNCH_MS = 60_000;

/** How machines run on this host. */
export interface MachineHost {
  qemu: string;
  accelerator: Accelerator;
  /** What this QEMU calls q35. */
  machineType: string;
  network?: HostNetwork;
  coreScheduling?: CoreSchedulingSupport;
  /** Path of the network namespace of a simulated host. */
  netns?: string;
}

/** Returns when the monitor answers; the guest waits for `cont`. @throws WeftError with QEMU's own words */
export async function launchMachine(paths: VmPaths, spec: InstanceSpec, abi: GuestAbi, host: MachineHost, incoming: boolean): Promise<void> {
  const isolated = host.coreScheduling !== undefined && wantsCoreScheduling(spec, host.coreScheduling);
  const firmware = findFirmware(abi.secureBoot);
  const taps = await prepareTaps(nicsOf(spec), abi, host.network);
  const plan = { id: spec.id, name: spec.name, abi, firmware, extraDisks: await extraDisks(spec), taps, paths, incoming };
  await launch(paths, host.qemu, machineArguments(plan), host.netns);
  const pid = await untilLaunched(paths);
  // The guest has not run an instruction. vCPUs that are plugged in later, and all other threads, are made by these.
  if (isolated) isolateProcess(pid);
  const { pins } = cpuLimit(spec.config);
  if (pins) await pinCpus(paths, pins);
}

/** Everything that must be there before a cold start; returns the template of the UEFI variables. */
export async function prepareColdStart(paths: VmPaths, spec: InstanceSpec, { nvramTemplate }: VmRecord): Promise<string> {
  await mkdir(paths.logDir, { recursive: true, mode: 0o700 });
  const size = rootSizeBytes(spec.devices);
  if (size !== undefined) await growDisk(paths.dir, size);
  await writeSeed(paths.seed, seedFiles(spec));
  // Keys of another kind of firmware are of no use to this one.
  const { variables } = findFirmware(isTrue(spec.config['security.secureboot']));
  return variables === nvramTemplate ? nvramTemplate : resetVariables(paths, spec);
}

async function untilLaunched(paths: VmPaths): Promise<number> {
  const deadline = Date.now() + LAUNCH_MS;
  while (Date.now() < deadline) {
    if ((await exitCodeNow(paths)) !== undefined) throw new WeftError('instance.wrong-status', `QEMU does not start: ${await lastWords(paths)}`);
    const launched = await withMonitor(paths, (qmp) => qmp.execute('query-status')).catch(() => undefined);
    const pid = launched && (await findProcess(paths));
    if (pid !== undefined) return pid;
    await sleep(20);
  }
  throw new WeftError('instance.wrong-status', `QEMU does not answer within ${LAUNCH_MS / 1000} s: ${await lastWords(paths)}`);
}

export async function pinCpus(paths: VmPaths, pins: readonly number[]): Promise<void> {
  const cpus = await withMonitor(paths, (qmp) => qmp.execute('query-cpus-fast'));
  for (const [index, { 'thread-id': thread }] of cpus.entries()) {
    await runProgram('taskset', ['-pc', String(pins[index % pins.length]), String(thread)]).catch((error: unknown) => {
      throw new WeftError('config.invalid', `limits.cpu names CPUs that this host does not have: ${pins.join(',')}`, { cause: error });
    });
  }
}
