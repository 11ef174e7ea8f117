/** Start, stop, freeze and live changes of one VM; see vm-record.ts for the phases. */
import { rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError, type InstanceSpec } from '@weft/contracts';
import { type QmpClient, QmpDisconnected, QmpTimeout, type RunState } from '@weft/qmp';
import type { HostNetwork } from '../../network/host-network';
import { nicsOf } from '../../network/nic';
import { requireNetwork } from '../../network/require-network';
import type { StopOptions } from '../driver';
import { hostBootId } from '../host-boot';
import { type AbiNeeds, coldStartAbi } from './guest-abi';
import { requireVm } from './vm-create';
import { launchMachine, pinCpus, prepareColdStart, type MachineHost } from './vm-launch';
import { cpuLimit, isTrue, memoryBytes } from './vm-limits';
import { withMonitor } from './vm-monitor';
import { changeNics } from './vm-nics';
import type { VmPaths } from './vm-paths';
import { findProcess, kill } from './vm-process';
import { type VmRecord, writeRecord } from './vm-record';
import { loadMemory, resumeGuest } from './vm-saved-state';

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
 * waits for ever. A guest with a saved state goes on where it was; that is forgotten before it does.
 * @param stateless throw a saved state away and boot
 */
export async function startVm(paths: VmPaths, spec: InstanceSpec, epoch: number, host: MachineHost, stateless: boolean): Promise<void> {
  const record = await requireVm(paths, spec.id);
  const state = record.phase === 'starting' ? undefined : await runState(paths);
  if (isAlive(state)) {
    if (record.epoch !== epoch) await writeRecord(paths, { ...record, epoch });
    // A start that was cut off between the record and `cont`: nobody starts what was frozen on purpose.
    if (state === 'paused') await resumeGuest(paths);
    return;
  }
  await kill(paths);
  const nics = nicsOf(spec);
  requireNetwork(host.network, nics);
  await host.network?.release(spec.id);
  const saved = stateless ? undefined : record.saved;
  const abi =
    saved ?? coldStartAbi({ ...needsOf(spec, host), nics, offload: (await host.network?.finishesChecksums()) ?? false }, record.abi, host.machineType);
  const next: VmRecord = { ...record, phase: 'starting', epoch, hostBoot: await hostBootId(), abi, saved };
  await writeRecord(paths, next);
  try {
    if (!saved) next.nvramTemplate = await prepareColdStart(paths, spec, record);
    await launchMachine(paths, spec, abi, host, saved !== undefined);
    if (saved) await loadMemory(paths, paths.state);
    // Before `cont`: a QEMU that waits in prelaunch is never taken for a running guest, whatever is written here.
    await writeRecord(paths, { ...next, phase: 'running', saved: undefined });
    await resumeGuest(paths);
  } catch (error) {
    await kill(paths);
    await host.network?.release(spec.id);
    await writeRecord(paths, { ...next, phase: 'stopped' });
    throw error;
  }
  await rm(paths.state, { force: true });
}

function needsOf({ config }: InstanceSpec, { accelerator }: MachineHost): Omit<AbiNeeds, 'nics' | 'offload'> {
  return {
    accelerator: accelerator.name,
    cpus: cpuLimit(config).count,
    memoryBytes: memoryBytes(config, totalmem()),
    secureBoot: isTrue(config['security.secureboot']),
    movable: isTrue(config['migration.stateful']),
  };
}

/** One that does not answer is believed to run: "unknown" is never "failed". */
const isAlive = (state: RunState | 'silent' | undefined): boolean =>
  state !== undefined && state !== 'prelaunch' && state !== 'shutdown' && state !== 'internal-error' && state !== 'guest-panicked';

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
export async function updateVm(paths: VmPaths, spec: InstanceSpec, record: VmRecord, network: HostNetwork | undefined): Promise<void> {
  const { abi } = record;
  if (!abi || (await findProcess(paths)) === undefined) return;
  const [cpus, memory] = [cpuLimit(spec.config), memoryBytes(spec.config, totalmem())];
  if (cpus.count !== abi.cpus) throw new WeftError('instance.wrong-status', 'limits.cpu of a running virtual machine cannot be changed: stop it first');
  if (memory > abi.memoryBytes) {
    throw new WeftError(
      'instance.wrong-status',
      `limits.memory of a running virtual machine cannot grow beyond what it was started with (${abi.memoryBytes / 1024 ** 2}MiB): stop it first`,
    );
  }
  if (cpus.pins) await pinCpus(paths, cpus.pins);
  await withMonitor(paths, (qmp) => qmp.execute('balloon', { value: memory }));
  if (!spec.nics) return;
  const nics = nicsOf(spec);
  requireNetwork(network, nics);
  if (network) await writeRecord(paths, { ...record, abi: await changeNics(paths, spec.id, abi, nics, network) });
}
