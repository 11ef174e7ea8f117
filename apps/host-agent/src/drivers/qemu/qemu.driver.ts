import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WeftError, type InstanceSpec, type InstanceUsage, type RootSource } from '@weft/contracts';
import type { GuestAgentClient } from '@weft/qmp';
import { coreSchedulingState } from '../../core-scheduling/core-scheduling';
import { Serial } from '../../files/serial';
import type { GuestInterface } from '../../network/network-state';
import { createVmSnapshot, deleteVmSnapshot, type LiveCopy, restoreVmSnapshot, sweepSnapshots } from '../../storage/vm-snapshots';
import { runProgram } from '../../storage/vm-program';
import type { DriverDeps } from '../driver-deps';
import type {
  ConsoleConnection,
  Driver,
  ExecProcess,
  ExecRequest,
  GuestFiles,
  Inspection,
  Progress,
  SnapshotOptions,
  StartOptions,
  StopOptions,
  UsageOptions,
} from '../driver';
import { type Accelerator, chooseAccelerator } from './accelerator';
import { findFirmware } from './firmware';
import { newestMachineType } from './guest-abi';
import { GuestAgents } from './guest-agent';
import { execInGuest } from './guest-exec';
import { guestFiles } from './guest-files';
import { runInGuest } from './guest-run';
import { hostBootId } from '../host-boot';
import { qemuBinary } from './host';
import { KeptAnswers } from '../../files/kept-answers';
import { clearConsoleLog, readConsoleLog, trimConsoleLog, VmConsoles } from './vm-console';
import { createVm, deleteVmFiles, requireVm } from './vm-create';
import { freezeVm, runState, startVm, stopVm, updateVm } from './vm-lifecycle';
import type { MachineHost } from './vm-launch';
import { beginLiveCopy, copyLiveDisk } from './vm-live-copy';
import { type VmPaths, vmPaths } from './vm-paths';
import { exitCode, findProcess, kill, lastWords } from './vm-process';
import { readRecord, writeRecord } from './vm-record';
import { stateOfGone, stateOfRunning } from './vm-state';
import { restoreState, snapshotWithState, stopWithState } from './vm-stateful';
import { VmHandover } from './vm-handover';
import { VmMover } from './vm-mover';
import { vmUsage } from './vm-usage';
import { VmWatch } from './vm-watch';

/** How long a count of the guest's processes stays good: asking costs the guest a process. */
const PROCESSES_KEPT_MS = 30_000;
/** And what it says of its interfaces. */
const INTERFACES_KEPT_MS = 5_000;

/** Virtual machines under QEMU; see README.md beside this file. */
export class QemuDriver implements Driver {
  readonly name = 'qemu';
  readonly type = 'virtual-machine';
  private readonly instances: string;
  private readonly qemu = qemuBinary();
  private readonly serial = new Serial();
  private readonly agents = new GuestAgents();
  private readonly consoles = new VmConsoles();
  private readonly listeners: ((instanceId: string) => void)[] = [];
  private readonly watch: VmWatch;
  readonly mover: VmMover;
  readonly handover: VmHandover;
  private readonly processCounts: KeptAnswers<number>;
  private readonly interfaces: KeptAnswers<GuestInterface[] | undefined>;
  private accelerator: Promise<Accelerator> | undefined;
  private machineType: Promise<string> | undefined;

  constructor(private readonly deps: DriverDeps) {
    this.instances = join(deps.dir, 'instances');
    this.watch = new VmWatch((id) => this.onWatched(id), deps.logger);
    this.handover = new VmHandover(this.pathsOf);
    this.mover = new VmMover({
      pathsOf: this.pathsOf,
      machineHost: () => this.machineHost(),
      watch: this.watch,
      serially: (id, work) => this.serial.run(id, work),
    });
    this.processCounts = new KeptAnswers(PROCESSES_KEPT_MS, deps.clock ?? Date.now);
    this.interfaces = new KeptAnswers(INTERFACES_KEPT_MS, deps.clock ?? Date.now);
    this.adopt().catch((error: unknown) => deps.logger.error({ err: error }, 'Running virtual machines could not be looked up'));
  }

  async probe(): ReturnType<Driver['probe']> {
    try {
      const version = await this.version();
      const { code } = findFirmware(false);
      const { name, reason } = await this.chooseAccelerator();
      return { usable: true, version, info: { accelerator: name, ...(reason ? { accelerator_reason: reason } : {}), firmware: code, binary: this.qemu } };
    } catch (error) {
      return { usable: false, reason: error instanceof WeftError ? error.message : `QEMU does not run here: ${(error as Error).message.split('\n')[0]}` };
    }
  }

  create(spec: InstanceSpec, source: RootSource, snapshots: Record<string, string>, progress: Progress): Promise<void> {
    return this.serial.run(spec.id, async () => {
      await mkdir(this.instances, { recursive: true, mode: 0o711 });
      const context = { images: this.deps.images, pathsOf: this.pathsOf, liveCopy: (id: string) => this.liveCopy(id) };
      await createVm(context, spec, source, snapshots, progress);
    });
  }

  delete(instanceId: string): Promise<void> {
    return this.serial.run(instanceId, async () => {
      const paths = this.pathsOf(instanceId);
      this.watch.remove(instanceId);
      await kill(paths);
      await this.deps.network?.release(instanceId);
      await deleteVmFiles(paths, instanceId);
    });
  }

  start(spec: InstanceSpec, epoch: number, { stateless = false }: StartOptions = {}): Promise<void> {
    return this.serial.run(spec.id, async () => {
      const paths = this.pathsOf(spec.id);
      await startVm(paths, spec, epoch, await this.machineHost(), stateless);
      await this.watch.add(spec.id, paths);
    });
  }

  stop(spec: InstanceSpec, options: StopOptions): Promise<void> {
    // A forced stop does not wait behind a polite one.
    return this.serial.run(options.force ? `${spec.id} force` : spec.id, async () => {
      const record = await readRecord(this.pathsOf(spec.id));
      if (!record) return;
      if (options.stateful && !options.force) await stopWithState(this.pathsOf(spec.id), record);
      else await stopVm(this.pathsOf(spec.id), record, options);
      this.interfaces.forget(spec.id);
      await this.deps.network?.release(spec.id);
    });
  }

  freeze(spec: InstanceSpec): Promise<void> {
    return this.serial.run(spec.id, () => freezeVm(this.pathsOf(spec.id), 'stop'));
  }

  unfreeze(spec: InstanceSpec): Promise<void> {
    return this.serial.run(spec.id, () => freezeVm(this.pathsOf(spec.id), 'cont'));
  }

  update(spec: InstanceSpec): Promise<void> {
    return this.serial.run(spec.id, async () => updateVm(this.pathsOf(spec.id), spec, await requireVm(this.pathsOf(spec.id), spec.id), this.deps.network));
  }

  /** The directory has the id's name; the guest hears its new name at the next start. */
  async rename(spec: InstanceSpec): Promise<void> {
    await requireVm(this.pathsOf(spec.id), spec.id);
  }

  createSnapshot(spec: InstanceSpec, snapshotId: string, { stateful = false }: SnapshotOptions = {}): Promise<void> {
    return this.serial.run(spec.id, async () => {
      const paths = this.pathsOf(spec.id);
      const record = await requireVm(paths, spec.id);
      await sweepSnapshots(paths.dir);
      const live = await this.liveCopy(spec.id);
      if (!stateful) return createVmSnapshot(paths.dir, snapshotId, live);
      if (!live) throw new WeftError('instance.wrong-status', "Unable to create a stateful snapshot. The instance isn't running");
      await createVmSnapshot(paths.dir, snapshotId, (disk) => snapshotWithState(paths, record, dirname(disk), () => beginLiveCopy(paths, disk)));
    });
  }

  deleteSnapshot(instanceId: string, snapshotId: string): Promise<void> {
    return this.serial.run(instanceId, () => deleteVmSnapshot(this.pathsOf(instanceId).dir, snapshotId));
  }

  restoreSnapshot(spec: InstanceSpec, snapshotId: string, { stateful = false }: SnapshotOptions = {}): Promise<void> {
    return this.serial.run(spec.id, async () => {
      const paths = this.pathsOf(spec.id);
      const record = await requireVm(paths, spec.id);
      // What a start that was cut off has left is no running guest, but it has the disk.
      if (record.phase === 'starting') await kill(paths);
      if ((await findProcess(paths)) !== undefined) throw new WeftError('instance.wrong-status', 'Stop the instance before a snapshot is restored');
      // What was saved belongs to the disk that goes now.
      await writeRecord(paths, { ...record, phase: 'stopped', saved: undefined });
      const saved = stateful ? await restoreState(paths, snapshotId) : undefined;
      await restoreVmSnapshot(paths.dir, snapshotId);
      if (saved) await writeRecord(paths, { ...record, phase: 'stopped', saved });
    });
  }

  async inspect(instanceId: string): Promise<Inspection> {
    const paths = this.pathsOf(instanceId);
    const record = await readRecord(paths);
    if (!record) return { status: 'stopped', epoch: 0 };
    if (record.phase === 'incoming') return { status: (await runState(paths)) === 'running' ? 'running' : 'stopped', epoch: record.epoch };
    // Its QEMU has not been told to go on yet.
    if (record.phase === 'starting') return { status: 'stopped', epoch: record.epoch };
    const state = await runState(paths);
    if (state !== undefined) return { ...stateOfRunning(state === 'silent' ? undefined : state), epoch: record.epoch, pid: await findProcess(paths) };
    if (record.phase !== 'running') return { status: 'stopped', epoch: record.epoch };
    const sameHostBoot = record.hostBoot === (await hostBootId());
    const ending = { sameHostBoot, exitCode: sameHostBoot ? await exitCode(paths) : undefined, lastWords: await lastWords(paths) };
    return { ...stateOfGone(record, ending), epoch: record.epoch };
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.instances).catch(() => []);
    const isOurs = await Promise.all(
      names.map((name) =>
        stat(this.pathsOf(name).record).then(
          () => !name.startsWith('.'),
          () => false,
        ),
      ),
    );
    return names.filter((_, index) => isOurs[index]);
  }

  async usage(spec: InstanceSpec, { recent = false }: UsageOptions = {}): Promise<InstanceUsage> {
    const paths = this.pathsOf(spec.id);
    await trimConsoleLog(paths.consoleLog);
    const [usage, network] = await Promise.all([vmUsage(paths, () => this.countProcesses(spec.id)), this.networkOf(spec.id, recent)]);
    const { coreScheduling } = this.deps;
    const core_scheduling = coreScheduling && usage.pid > 0 ? await coreSchedulingState(usage.pid, spec, coreScheduling) : undefined;
    return { ...usage, network, core_scheduling };
  }

  onChange(listener: (instanceId: string) => void): void {
    this.listeners.push(listener);
  }

  async exec(spec: InstanceSpec, request: ExecRequest): Promise<ExecProcess> {
    const { agent, release } = await this.agentOf(spec.id);
    try {
      return await execInGuest(agent, request, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  console(spec: InstanceSpec): Promise<ConsoleConnection> {
    return this.consoles.attach(spec.id, this.pathsOf(spec.id));
  }

  consoleLog(spec: InstanceSpec): Promise<string> {
    return readConsoleLog(this.pathsOf(spec.id));
  }

  clearConsoleLog(spec: InstanceSpec): Promise<void> {
    return clearConsoleLog(this.pathsOf(spec.id));
  }

  async files(spec: InstanceSpec): Promise<GuestFiles> {
    const { agent, release } = await this.agentOf(spec.id);
    return guestFiles(agent, release);
  }

  async logs(instanceId: string): Promise<Record<string, string>> {
    const { logDir } = this.pathsOf(instanceId);
    const names = await readdir(logDir).catch(() => []);
    return Object.fromEntries(names.map((name) => [name, join(logDir, name)]));
  }

  private readonly pathsOf = (instanceId: string): VmPaths => vmPaths(join(this.instances, instanceId));

  private async version(): Promise<string> {
    return /version (\d[\d.]*)/.exec(await runProgram(this.qemu, ['--version']))?.[1] ?? 'unknown';
  }

  private chooseAccelerator(): Promise<Accelerator> {
    this.accelerator ??= this.version().then((version) => chooseAccelerator(this.qemu, version, join(this.deps.dir, 'qemu-accelerator.json')));
    this.accelerator.catch(() => (this.accelerator = undefined));
    return this.accelerator;
  }

  private async machineHost(): Promise<MachineHost> {
    this.machineType ??= runProgram(this.qemu, ['-machine', 'help']).then(newestMachineType);
    this.machineType.catch(() => (this.machineType = undefined));
    const { network, netns, coreScheduling } = this.deps;
    return { qemu: this.qemu, accelerator: await this.chooseAccelerator(), machineType: await this.machineType, network, netns, coreScheduling };
  }

  private async agentOf(instanceId: string): ReturnType<GuestAgents['acquire']> {
    const paths = this.pathsOf(instanceId);
    const state = await runState(paths);
    if (state === undefined || state === 'prelaunch') throw new WeftError('instance.wrong-status', 'The instance is not running');
    if (state === 'paused') throw new WeftError('instance.wrong-status', 'The instance is frozen');
    return this.agents.acquire(paths);
  }

  /** How to copy the disk of a VM whose QEMU has it open. */
  private async liveCopy(instanceId: string): Promise<LiveCopy | undefined> {
    const paths = this.pathsOf(instanceId);
    if ((await findProcess(paths)) === undefined) return undefined;
    return async (disk) => {
      // What the guest has not written yet cannot be in the copy; an agent that does not answer does not hold it up.
      await this.agents.use(paths, (agent) => runInGuest(agent, 'sync', [])).catch(() => undefined);
      await copyLiveDisk(paths, disk);
    };
  }

  /** Processes in the guest; -1 when its agent cannot tell. */
  private countProcesses(instanceId: string): Promise<number> {
    const count = (agent: GuestAgentClient) => runInGuest(agent, '/bin/sh', ['-c', 'set -- /proc/[0-9]*; echo $#']).then(({ stdout }) => Number(stdout) || -1);
    return this.processCounts.get(instanceId, () => this.agents.use(this.pathsOf(instanceId), count).catch(() => -1));
  }

  private async networkOf(instanceId: string, recent: boolean): Promise<InstanceUsage['network']> {
    const { network } = this.deps;
    if (!network || (await findProcess(this.pathsOf(instanceId))) === undefined) return null;
    const ask = (agent: GuestAgentClient) => agent.execute('guest-network-get-interfaces') as Promise<GuestInterface[]>;
    const seen = await this.interfaces.get(instanceId, () => this.agents.use(this.pathsOf(instanceId), ask).catch(() => undefined));
    return network.machineState(instanceId, seen, recent);
  }

  /** Something happened to a guest: one that has ended gives its ports back. */
  private onWatched(instanceId: string): void {
    this.listeners.forEach((listener) => listener(instanceId));
    const release = async () => {
      if ((await findProcess(this.pathsOf(instanceId))) === undefined) await this.deps.network?.release(instanceId);
    };
    this.serial.run(instanceId, release).catch((error: unknown) => this.deps.logger.error({ err: error, instanceId }, 'ports of an instance are left'));
  }

  /** Guests that an earlier agent left running are watched again; what it left half deleted goes. */
  private async adopt(): Promise<void> {
    const names = await readdir(this.instances).catch(() => []);
    for (const name of names.filter((name) => /^\..*\.deleting$/.test(name))) await rm(join(this.instances, name), { recursive: true, force: true });
    for (const id of await this.list()) if ((await findProcess(this.pathsOf(id))) !== undefined) await this.watch.add(id, this.pathsOf(id));
  }
}
