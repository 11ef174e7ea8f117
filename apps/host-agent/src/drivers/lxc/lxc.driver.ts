import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { type InstanceSpec, type InstanceUsage, type RootSource, WeftError } from '@weft/contracts';
import { Cgroups, type IdMapping, Lxc } from '@weft/lxc';
import { containerCoreScheduling, type CoreSchedulingSupport, coreSchedulingState } from '../../core-scheduling/core-scheduling';
import { readRecord } from '../../storage/container-record';
import { ContainerStorage } from '../../storage/container-storage';
import { DiskMeter } from '../../storage/disk-meter';
import { Serial } from '../../files/serial';
import type { ConsoleConnection, Driver, ExecProcess, ExecRequest, GuestFiles, Inspection, Progress, StopOptions, UsageOptions } from '../driver';
import type { DriverDeps } from '../driver-deps';
import { CONSOLE_LOG_BYTES, isPrivileged } from './container-config';
import { clearConsoleLog, ContainerConsole, readConsoleLog } from './container-console';
import { ContainerExec } from './container-exec';
import { ContainerFiles } from './container-files';
import { ContainerHandover } from './container-handover';
import { ContainerMover } from './container-mover';
import { ContainerRoots } from './container-roots';
import { ContainerRuntime } from './container-runtime';
import { containerUsage, STOPPED_USAGE } from './container-usage';
import { ContainerWatch } from './container-watch';
import { GuestPipes } from './guest-pipes';

export interface LxcDriverOptions extends Pick<DriverDeps, 'dir' | 'network' | 'coreScheduling'> {
  logger?: DriverDeps['logger'];
  images: Pick<DriverDeps['images'], 'containerRoot'>;
  /** Ids of unprivileged containers. */
  idmap?: IdMapping;
  /** Network namespace of a simulated host. */
  netns?: string;
}

/** The first directory on the way to `path` that only its owner and group may pass. */
async function closedAncestor(path: string): Promise<string | undefined> {
  const parts = path.split('/').filter(Boolean);
  for (let length = 1; length <= parts.length; length++) {
    const ancestor = `/${parts.slice(0, length).join('/')}`;
    if (((await fs.stat(ancestor)).mode & 0o001) === 0) return ancestor;
  }
  return undefined;
}

const DEFAULT_IDMAP: IdMapping = { base: 1_000_000, size: 65_536 };

/** Parts that need a look at the host first. */
interface Parts {
  cgroups: Cgroups;
  runtime: ContainerRuntime;
  exec: ContainerExec;
  roots: ContainerRoots;
  coreScheduling: CoreSchedulingSupport | undefined;
}

/** System containers under liblxc. This file says what belongs together; each concern has its own beside it. */
export class LxcDriver implements Driver {
  readonly name = 'lxc';
  readonly type = 'container';
  readonly mover: ContainerMover;
  readonly handover: ContainerHandover;

  private readonly idmap: IdMapping;
  private readonly instances: string;
  private readonly storage: ContainerStorage;
  private readonly lxc: Lxc;
  private readonly consoles: ContainerConsole;
  private readonly watch: ContainerWatch;
  private readonly serial = new Serial();
  private readonly disks = new DiskMeter();
  private ready: Promise<Parts> | undefined;

  constructor(private readonly options: LxcDriverOptions) {
    this.idmap = options.idmap ?? DEFAULT_IDMAP;
    this.instances = join(options.dir, 'instances');
    this.storage = new ContainerStorage(this.instances, options.images);
    this.mover = new ContainerMover(this.storage, options.images);
    this.handover = new ContainerHandover(this.storage, options.images);
    this.lxc = new Lxc({ lxcPath: this.instances, ...(options.netns ? { netns: options.netns } : {}) });
    this.consoles = new ContainerConsole(this.lxc);
    this.watch = new ContainerWatch(
      async (id) => (await this.parts()).runtime.find(id),
      async (id) => (await this.parts()).roots.tidy(id),
      (id) => this.onRebooted(id),
    );
  }

  async probe(): ReturnType<Driver['probe']> {
    if (process.getuid?.() !== 0) return { usable: false, reason: 'containers need root' };
    try {
      const version = await this.lxc.version();
      const { layout } = await Cgroups.detect();
      if (layout.v2 === undefined && Object.keys(layout.v1).length === 0) return { usable: false, reason: 'no cgroup file system is mounted' };
      const closed = await closedAncestor(this.options.dir);
      if (closed) return { usable: false, reason: `the root of an unprivileged container cannot reach its files: run "chmod o+x ${closed}"` };
      return { usable: true, version, info: { cgroup: Object.keys(layout.v1).some((name) => !name.startsWith('name=')) ? 'v1' : 'v2' } };
    } catch (error) {
      return { usable: false, reason: (error as Error).message };
    }
  }

  create(spec: InstanceSpec, source: RootSource, snapshots: Record<string, string>, progress: Progress): Promise<void> {
    return this.serial.run(spec.id, async () => {
      if (await readRecord(this.storage.dir(spec.id))) return;
      progress('create_instance', 'Preparing the root file system');
      await this.storage.discardUnfinished(spec.id);
      const copy = async (): Promise<void> => {
        const data = await this.storage.build(spec.id, source, isPrivileged(spec) ? null : this.idmap.base);
        if (source.kind === 'instance') await this.storage.copySnapshots(source.instanceId, spec.id, snapshots);
        await this.storage.commit(spec.id, { ...data, epoch: 0, started: false, bootId: '', frozenForCopy: false });
      };
      if (source.kind !== 'instance') return copy();
      const { runtime } = await this.parts();
      await this.serial.run(source.instanceId, () => runtime.whileStill(source.instanceId, copy));
    });
  }

  delete(instanceId: string): Promise<void> {
    return this.serial.run(instanceId, async () => {
      const { runtime } = await this.parts();
      this.watch.forget(instanceId);
      await runtime.clean(instanceId);
      await this.storage.delete(instanceId);
      this.disks.forget(instanceId);
    });
  }

  start(spec: InstanceSpec, epoch: number): Promise<void> {
    return this.serial.run(spec.id, async () => {
      const { runtime } = await this.parts();
      await runtime.start(spec, epoch);
      this.watch.forget(spec.id);
      const pid = (await runtime.find(spec.id))?.initPid;
      // Init may have ended already; then the next look tells.
      this.watch.expect(spec.id, pid ?? 0);
    });
  }

  stop(spec: InstanceSpec, options: StopOptions): Promise<void> {
    return this.serial.run(spec.id, async () => {
      const { runtime } = await this.parts();
      this.watch.forget(spec.id);
      try {
        await runtime.stop(spec, options);
      } catch (error) {
        const pid = (await runtime.find(spec.id))?.initPid;
        if (pid !== undefined) this.watch.expect(spec.id, pid);
        throw error;
      }
    });
  }

  freeze = (spec: InstanceSpec): Promise<void> => this.serial.run(spec.id, async () => (await this.parts()).runtime.freeze(spec));
  unfreeze = (spec: InstanceSpec): Promise<void> => this.serial.run(spec.id, async () => (await this.parts()).runtime.unfreeze(spec));
  update = (spec: InstanceSpec): Promise<void> => this.serial.run(spec.id, async () => (await this.parts()).runtime.update(spec));

  /** Files are kept under ids; the host name follows with the next start. */
  async rename(spec: InstanceSpec): Promise<void> {
    await (await this.parts()).runtime.record(spec.id);
  }

  createSnapshot(spec: InstanceSpec, snapshotId: string): Promise<void> {
    return this.serial.run(spec.id, async () => {
      const { runtime } = await this.parts();
      const record = await runtime.record(spec.id);
      await runtime.whileStill(spec.id, () => this.storage.createSnapshot(spec.id, record, snapshotId));
    });
  }

  deleteSnapshot(instanceId: string, snapshotId: string): Promise<void> {
    return this.serial.run(instanceId, () => this.storage.deleteSnapshot(instanceId, snapshotId));
  }

  restoreSnapshot(spec: InstanceSpec, snapshotId: string): Promise<void> {
    return this.serial.run(spec.id, async () => {
      const { runtime } = await this.parts();
      if (await runtime.find(spec.id)) throw new WeftError('instance.wrong-status', 'The instance must be stopped to be restored');
      const record = await runtime.record(spec.id);
      // A start that was cut off may be on its way to the files that are replaced here.
      await runtime.clean(spec.id);
      const data = await this.storage.build(spec.id, { kind: 'snapshot', instanceId: spec.id, snapshotId }, record.idmapBase);
      await this.storage.commit(spec.id, { ...record, ...data });
    });
  }

  async inspect(instanceId: string): Promise<Inspection> {
    const { runtime } = await this.parts();
    const found = await runtime.inspect(instanceId);
    if (found.pid !== undefined) this.watch.expect(instanceId, found.pid);
    return found;
  }

  async list(): Promise<string[]> {
    const names = await fs.readdir(this.instances).catch(() => []);
    const known = await Promise.all(names.map(async (name) => ((await readRecord(this.storage.dir(name))) ? [name] : [])));
    return known.flat();
  }

  async usage(spec: InstanceSpec, { recent = false }: UsageOptions = {}): Promise<InstanceUsage> {
    const { runtime, cgroups, coreScheduling } = await this.parts();
    const record = await runtime.record(spec.id);
    const data = join(this.storage.dir(spec.id), record.data);
    const diskBytes = await (recent ? this.disks.recent(spec.id, data) : this.disks.measured(spec.id, data));
    const pid = (await runtime.find(spec.id))?.initPid;
    if (pid === undefined) return { ...STOPPED_USAGE, disk: { root: { usage: diskBytes } } };
    const [usage, network, core_scheduling] = await Promise.all([
      containerUsage(cgroups, spec.id, pid, diskBytes),
      this.options.network?.containerState(spec.id, pid, recent),
      coreScheduling && coreSchedulingState(pid, spec, coreScheduling),
    ]);
    return { ...usage, network: network ?? null, core_scheduling };
  }

  onChange(listener: (instanceId: string) => void): void {
    this.watch.listen(listener);
  }

  async exec(spec: InstanceSpec, request: ExecRequest): Promise<ExecProcess> {
    const { runtime, exec } = await this.parts();
    if ((await runtime.inspect(spec.id)).status === 'frozen') throw new WeftError('instance.wrong-status', 'The instance is frozen');
    await runtime.initPid(spec);
    return exec.run(spec, request);
  }

  async console(spec: InstanceSpec, size: { width: number; height: number }): Promise<ConsoleConnection> {
    const { runtime, roots } = await this.parts();
    await runtime.initPid(spec);
    return this.consoles.attach(spec, size, new ContainerFiles(await roots.open(spec.id)));
  }

  async consoleLog(spec: InstanceSpec): Promise<string> {
    return readConsoleLog((await this.parts()).runtime.logFile(spec.id, 'console.log'), CONSOLE_LOG_BYTES);
  }

  async clearConsoleLog(spec: InstanceSpec): Promise<void> {
    await clearConsoleLog((await this.parts()).runtime.logFile(spec.id, 'console.log'));
  }

  async files(spec: InstanceSpec): Promise<GuestFiles> {
    const { roots } = await this.parts();
    return new ContainerFiles(await roots.open(spec.id));
  }

  async logs(instanceId: string): Promise<Record<string, string>> {
    const { runtime } = await this.parts();
    const files = (['lxc.log', 'console.log'] as const).map((name) => [name, runtime.logFile(instanceId, name)] as const);
    const present = await Promise.all(files.map(async ([name, file]) => ((await isThere(file)) ? [[name, file] as const] : [])));
    return Object.fromEntries(present.flat());
  }

  /** Its network namespace is a new one, and so are the wires that lead into it. */
  private onRebooted(instanceId: string): void {
    this.serial
      .run(instanceId, async () => this.options.network?.replug(instanceId))
      .catch((error: unknown) => this.options.logger?.error({ err: error, instanceId }, 'a container that rebooted is not connected'));
  }

  private parts(): Promise<Parts> {
    this.ready ??= this.assemble();
    return this.ready;
  }

  private async assemble(): Promise<Parts> {
    const cgroups = await Cgroups.detect();
    const { storage, lxc, idmap, serial } = this;
    const { network } = this.options;
    const coreScheduling = this.options.coreScheduling && containerCoreScheduling(this.options.coreScheduling, await lxc.version());
    const runtime = new ContainerRuntime({ storage, lxc, cgroups, idmap, ...(network ? { network } : {}), ...(coreScheduling ? { coreScheduling } : {}) });
    const pipes = new GuestPipes(join(this.options.dir, 'pipes'));
    return { cgroups, runtime, coreScheduling, exec: new ContainerExec(lxc, runtime.processes, pipes), roots: new ContainerRoots(runtime, storage, serial) };
  }
}

const isThere = (path: string): Promise<boolean> =>
  fs.access(path).then(
    () => true,
    () => false,
  );
