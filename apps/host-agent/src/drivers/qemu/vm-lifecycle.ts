/** Start, stop, freeze and live changes of one VM; see vm-record.ts for the phases. */
import { mkdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type InstanceSpec } from '@weft/contracts';
import { type QmpClient, QmpDisconnected, QmpTimeout, type RunState } from '@weft/qmp';
import { growDisk } from '../../storage/vm-disk';
import { runProgram } from '../../storage/vm-program';
import type { StopOptions } from '../driver';
import type { Accelerator } from './accelerator';
import { extraDisks } from './extra-disks';
import { findFirmware } from './firmware';
import { hostBootId } from '../host-boot';
import { machineArguments } from './machine.command';
import { seedFiles, writeSeed } from './nocloud-seed';
import { requireVm, resetVariables } from './vm-create';
import { cpuLimit, isTrue, memoryBytes, rootSizeBytes } from './vm-limits';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';
import { exitCodeNow, findProcess, kill, lastWords, launch } from './vm-process';
import { type VmRecord, writeRecord } from './vm-record';

const LAUNCH_MS = 60_000;
/** A guest that is still booting misses the power button: it is pressed again. */
const PRESS_AGAIN_MS = 5_000;

/** What the monitor says; `undefined`: no process; `silent`: a process that does not answer. */
export async function runState(paths: VmPaths): Promise<RunState | 'silent' | undefined> {
  if ((await findProcess(paths)) === undefined) return undefined;
  try {
    return (await withMonitor(paths, (qmp) => qmp.execute('query-status'), { connectTimeoutMs: 3_000, timeoutMs: 3_000 })).status;
  } catch {
    return (await findProcess(paths)) === undefined ? undefined : 'silent';
  }
}

/**
 * A start that was cut off before `cont` (phase `starting`) is begun anew: its QEMU may not even have a monitor yet, and
 * waits for ever.
 */
export async function startVm(paths: VmPaths, spec: InstanceSpec, epoch: number, host: { qemu: string; accelerator: Accelerator }): Promise<void> {
  const record = await requireVm(paths, spec.id);
  if (record.phase !== 'starting' && isAlive(await runState(paths))) {
    if (record.epoch !== epoch) await writeRecord(paths, { ...record, epoch });
    return;
  }
  await kill(paths);
  const [cpus, memory] = [cpuLimit(spec.config), memoryBytes(spec.config, totalmem())];
  const next: VmRecord = {
    ...record,
    phase: 'starting',
    epoch,
    hostBoot: await hostBootId(),
    launched: { memoryBytes: memory, cpus: cpus.count, accelerator: host.accelerator.name },
  };
  await writeRecord(paths, next);
  try {
    next.nvramTemplate = await prepare(paths, spec, record);
    const firmware = findFirmware(isTrue(spec.config['security.secureboot']));
    await launch(
      paths,
      host.qemu,
      machineArguments({
        id: spec.id,
        name: spec.name,
        accelerator: host.accelerator.name,
        cpus: cpus.count,
        memoryBytes: memory,
        firmware,
        extraDisks: await extraDisks(spec),
        paths,
      }),
    );
    await untilLaunched(paths);
    if (cpus.pins) await pinCpus(paths, cpus.pins);
    // Before `cont`: a QEMU that waits in prelaunch is never taken for a running guest, whatever is written here.
    await writeRecord(paths, { ...next, phase: 'running' });
    await withMonitor(paths, (qmp) => qmp.execute('cont'));
  } catch (error) {
    await kill(paths);
    await writeRecord(paths, { ...next, phase: 'stopped' });
    throw error;
  }
}

/** One that does not answer is believed to run: "unknown" is never "failed". */
const isAlive = (state: RunState | 'silent' | undefined): boolean =>
  state !== undefined && state !== 'prelaunch' && state !== 'shutdown' && state !== 'internal-error' && state !== 'guest-panicked';

/** Everything that must be there before QEMU starts; returns the template of the UEFI variables. */
async function prepare(paths: VmPaths, spec: InstanceSpec, { nvramTemplate }: VmRecord): Promise<string> {
  await mkdir(paths.logDir, { recursive: true, mode: 0o700 });
  const size = rootSizeBytes(spec.devices);
  if (size !== undefined) await growDisk(paths.dir, size);
  await writeSeed(paths.seed, seedFiles(spec));
  // Keys of another kind of firmware are of no use to this one.
  const { variables } = findFirmware(isTrue(spec.config['security.secureboot']));
  return variables === nvramTemplate ? nvramTemplate : resetVariables(paths, spec);
}

async function untilLaunched(paths: VmPaths): Promise<void> {
  const deadline = Date.now() + LAUNCH_MS;
  while (Date.now() < deadline) {
    if ((await exitCodeNow(paths)) !== undefined) throw new WeftError('instance.wrong-status', `QEMU does not start: ${await lastWords(paths)}`);
    const launched = await withMonitor(paths, (qmp) => qmp.execute('query-status')).catch(() => undefined);
    if (launched && (await findProcess(paths)) !== undefined) return;
    await sleep(20);
  }
  throw new WeftError('instance.wrong-status', `QEMU does not answer within ${LAUNCH_MS / 1000} s: ${await lastWords(paths)}`);
}

async function pinCpus(paths: VmPaths, pins: readonly number[]): Promise<void> {
  const cpus = await withMonitor(paths, (qmp) => qmp.execute('query-cpus-fast'));
  for (const [index, { 'thread-id': thread }] of cpus.entries()) {
    await runProgram('taskset', ['-pc', String(pins[index % pins.length]), String(thread)]).catch((error: unknown) => {
      throw new WeftError('config.invalid', `limits.cpu names CPUs that this host does not have: ${pins.join(',')}`, { cause: error });
    });
  }
}

export async function stopVm(paths: VmPaths, record: VmRecord, options: StopOptions): Promise<void> {
  const state = await runState(paths);
  if (options.force || record.phase === 'starting') {
    // First the record: the end that follows is nobody's crash. Of a start that was cut off there is no guest to ask.
    await writeRecord(paths, { ...record, phase: 'stopped' });
    await kill(paths);
  } else if (state !== undefined) {
    await shutDown(paths, options);
  }
  if (record.phase !== 'stopped') await writeRecord(paths, { ...record, phase: 'stopped' });
}

async function shutDown(paths: VmPaths, { timeoutSeconds, interrupt }: StopOptions): Promise<void> {
  const deadline = timeoutSeconds < 0 ? Infinity : Date.now() + timeoutSeconds * 1000;
  let pressAt = 0;
  while ((await findProcess(paths)) !== undefined) {
    interrupt?.throwIfAborted();
    if (Date.now() >= deadline) throw new WeftError('task.failed', `The guest did not shut down within ${timeoutSeconds} seconds; stop it with force`);
    if (Date.now() >= pressAt) {
      await unlessGone(paths, async (qmp) => {
        // A frozen guest cannot see its power button.
        if ((await qmp.execute('query-status')).status === 'paused') await qmp.execute('cont');
        await qmp.execute('system_powerdown');
      });
      pressAt = Date.now() + PRESS_AGAIN_MS;
    }
    await sleep(50);
  }
}

/** A guest may end while it is spoken to. */
async function unlessGone(paths: VmPaths, work: (qmp: QmpClient) => Promise<unknown>): Promise<void> {
  await withMonitor(paths, work).catch(async (error: unknown) => {
    const lost = error instanceof QmpDisconnected || error instanceof QmpTimeout || (error as NodeJS.ErrnoException).code !== undefined;
    if (!lost) throw error;
  });
}

export async function freezeVm(paths: VmPaths, command: 'stop' | 'cont'): Promise<void> {
  const state = await runState(paths);
  if (state === undefined || state === 'prelaunch' || state === 'shutdown') throw new WeftError('instance.wrong-status', 'The instance is not running');
  await withMonitor(paths, (qmp) => qmp.execute(command));
}

/**
 * Memory can shrink below what the machine was started with, and grow back to it; the rest waits for a restart.
 * @throws WeftError instance.wrong-status for a change that needs a restart
 */
export async function updateVm(paths: VmPaths, spec: InstanceSpec, { launched }: VmRecord): Promise<void> {
  if (!launched || (await findProcess(paths)) === undefined) return;
  const [cpus, memory] = [cpuLimit(spec.config), memoryBytes(spec.config, totalmem())];
  if (cpus.count !== launched.cpus) throw new WeftError('instance.wrong-status', 'limits.cpu of a running virtual machine cannot be changed: stop it first');
  if (memory > launched.memoryBytes) {
    throw new WeftError(
      'instance.wrong-status',
      `limits.memory of a running virtual machine cannot grow beyond what it was started with (${launched.memoryBytes / 1024 ** 2}MiB): stop it first`,
    );
  }
  if (cpus.pins) await pinCpus(paths, cpus.pins);
  await withMonitor(paths, (qmp) => qmp.execute('balloon', { value: memory }));
}
