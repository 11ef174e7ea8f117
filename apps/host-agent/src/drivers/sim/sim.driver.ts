/**
 * A simulated host: no processes, only state files. It passes the contract suite of the real drivers and serves
 * laptops (no root needed) and scale tests (thousands of instances).
 *
 * `user.sim.ignores_shutdown: "true"` makes a guest that only a stop with force ends.
 * `user.sim.delay_ms` makes creating and starting an instance take that long; `user.sim.fail: start` makes it fail.
 */
import { readFile, rm, truncate } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { WeftError, type InstanceSpec, type InstanceType, type InstanceUsage, type RootSource } from '@weft/contracts';
import { Serial } from '../../files/serial';
import type { LinkState } from '../../network/host-links';
import { nicsOf, type Nic } from '../../network/nic';
import { machineNetwork } from '../../network/network-state';
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
} from '../driver';
import type { DriverDeps } from '../driver-deps';
import { freshDisk, hasState, withoutMemory, withState, type SimDisk } from './sim-disk';
import { simExec } from './sim-exec';
import { simFiles } from './sim-files';
import { SimHost, type SimGuest } from './sim-host';
import { SimHandover, SimMover } from './sim-mover';

const VERSION = '1';

const simLink = ({ link, mtu }: Nic): LinkState => ({ ifindex: 1, ifname: link, flags: ['UP'], mtu, operstate: 'UP', link_type: 'ether', addr_info: [] });
const MEMORY_BYTES = 64 * 1024 * 1024;

export class SimDriver implements Driver {
  readonly name = 'sim';
  readonly mover: SimMover;
  readonly handover: SimHandover;
  private readonly host: SimHost;
  private readonly serial = new Serial();
  private readonly listeners: ((instanceId: string) => void)[] = [];
  private readonly clock: () => number;

  constructor(
    readonly type: InstanceType,
    private readonly deps: DriverDeps,
  ) {
    this.host = new SimHost(deps.dir);
    this.mover = new SimMover(this.host, type);
    this.handover = new SimHandover(this.host, type);
    this.clock = deps.clock ?? Date.now;
  }

  probe() {
    return Promise.resolve({ usable: true as const, version: VERSION, info: { accelerator: 'none' } });
  }

  async create(spec: InstanceSpec, source: RootSource, snapshots: Record<string, string>, progress: Progress): Promise<void> {
    if (await this.host.guest(spec.id)) return;
    const disk = await this.sourceDisk(spec, source);
    progress('create_instance_from_image_unpack', 'Simulating');
    await this.delay(spec);
    await this.host.saveDisk(spec.id, disk);
    if (source.kind === 'instance')
      for (const [from, to] of Object.entries(snapshots))
        await this.host.copySnapshot({ instanceId: source.instanceId, snapshotId: from }, { instanceId: spec.id, snapshotId: to });
    await this.host.saveGuest(spec.id, { type: this.type, status: 'stopped', epoch: 0, pid: 0, startedAt: 0 });
  }

  private async sourceDisk(spec: InstanceSpec, source: RootSource) {
    switch (source.kind) {
      case 'none':
        return freshDisk(spec.name);
      case 'image':
        await this.deps.images.metadataDir(source.fingerprint);
        return freshDisk(spec.name);
      case 'instance':
        return (await this.host.disk(source.instanceId)).data;
      case 'snapshot':
        return (await this.host.disk(source.instanceId, source.snapshotId)).data;
    }
  }

  async delete(instanceId: string): Promise<void> {
    await this.host.removeInstance(instanceId);
  }

  async start(spec: InstanceSpec, epoch: number, { stateless = false }: StartOptions = {}): Promise<void> {
    const guest = await this.host.requireGuest(spec.id, spec.name);
    if (guest.status === 'running' || guest.status === 'frozen') return;
    const nics = nicsOf(spec);
    await this.delay(spec);
    if (spec.config['user.sim.fail'] === 'start') throw new WeftError('instance.wrong-status', `Instance "${spec.name}" cannot start: it was told to fail`);
    if (!guest.saved || stateless) await this.host.saveDisk(spec.id, withoutMemory((await this.host.disk(spec.id)).data));
    await this.host.logConsole(spec.id, `[sim] ${spec.name} starts, epoch ${epoch}`);
    // A number that looks like a process id without being one of this machine (the kernel's maximum is 2^22).
    const pid = 2 ** 22 + (this.clock() % 2 ** 20);
    await this.host.saveGuest(spec.id, { type: this.type, status: 'running', epoch, pid, startedAt: this.clock(), nics });
  }

  async stop(spec: InstanceSpec, { force, stateful = false, timeoutSeconds, interrupt }: StopOptions): Promise<void> {
    const guest = await this.host.requireGuest(spec.id, spec.name);
    if (guest.status === 'stopped') return;
    if (!force && !stateful) {
      interrupt?.throwIfAborted();
      if (spec.config['user.sim.ignores_shutdown'] === 'true') await untilPatienceEnds(spec, timeoutSeconds, interrupt);
    }
    await this.host.saveGuest(spec.id, { ...guest, status: 'stopped', pid: 0, nics: [], reason: undefined, saved: stateful && !force });
  }

  freeze = (spec: InstanceSpec): Promise<void> => this.setRunning(spec, 'frozen');
  unfreeze = (spec: InstanceSpec): Promise<void> => this.setRunning(spec, 'running');

  private async setRunning(spec: InstanceSpec, status: 'running' | 'frozen'): Promise<void> {
    const guest = await this.requireRunning(spec);
    if (guest.status !== status) await this.host.saveGuest(spec.id, { ...guest, status });
  }

  private async requireRunning(spec: InstanceSpec): Promise<SimGuest> {
    const guest = await this.host.requireGuest(spec.id, spec.name);
    if (guest.status !== 'running' && guest.status !== 'frozen') throw new WeftError('instance.wrong-status', `Instance "${spec.name}" is not running`);
    return guest;
  }

  /** Of what can change, only network devices show. */
  async update(spec: InstanceSpec): Promise<void> {
    const guest = await this.host.requireGuest(spec.id, spec.name);
    if (spec.nics && (guest.status === 'running' || guest.status === 'frozen')) await this.host.saveGuest(spec.id, { ...guest, nics: nicsOf(spec) });
  }

  async rename(spec: InstanceSpec): Promise<void> {
    await this.host.requireGuest(spec.id, spec.name);
  }

  async createSnapshot(spec: InstanceSpec, snapshotId: string, { stateful = false }: SnapshotOptions = {}): Promise<void> {
    if (await this.host.disk(spec.id, snapshotId).catch(() => undefined)) return;
    const { status } = await this.host.requireGuest(spec.id, spec.name);
    if (stateful && status === 'stopped') throw new WeftError('instance.wrong-status', "Unable to create a stateful snapshot. The instance isn't running");
    const { data } = await this.host.disk(spec.id);
    await this.host.saveDisk(spec.id, stateful ? withState(data) : withoutMemory(data), snapshotId);
  }

  deleteSnapshot(instanceId: string, snapshotId: string): Promise<void> {
    return this.host.removeSnapshot(instanceId, snapshotId);
  }

  async restoreSnapshot(spec: InstanceSpec, snapshotId: string, { stateful = false }: SnapshotOptions = {}): Promise<void> {
    const { data } = await this.host.disk(spec.id, snapshotId);
    if (stateful && !hasState(data)) throw new WeftError('instance.wrong-status', 'Instance has no existing state to restore');
    await this.host.saveDisk(spec.id, data);
    await this.host.saveGuest(spec.id, { ...(await this.host.requireGuest(spec.id, spec.name)), saved: stateful });
  }

  async inspect(instanceId: string): Promise<Inspection> {
    const guest = await this.host.guest(instanceId);
    if (!guest) return { status: 'stopped', epoch: 0 };
    return { status: guest.status, epoch: guest.epoch, ...(guest.pid ? { pid: guest.pid } : {}), ...(guest.reason ? { reason: guest.reason } : {}) };
  }

  list(): Promise<string[]> {
    return this.host.ids(this.type);
  }

  async usage(spec: InstanceSpec): Promise<InstanceUsage> {
    const guest = await this.host.requireGuest(spec.id, spec.name);
    const runs = guest.status === 'running' || guest.status === 'frozen';
    const bytes = runs ? MEMORY_BYTES : 0;
    return {
      disk: null,
      memory: { usage: bytes, usage_peak: bytes, swap_usage: 0, swap_usage_peak: 0 },
      network: runs ? machineNetwork(guest.nics.map(simLink), guest.nics, undefined) : null,
      pid: guest.pid,
      processes: runs ? 1 : 0,
      cpu: { usage: runs ? (this.clock() - guest.startedAt) * 1000 : 0 },
    };
  }

  onChange(listener: (instanceId: string) => void): void {
    this.listeners.push(listener);
  }

  async exec(spec: InstanceSpec, request: ExecRequest): Promise<ExecProcess> {
    await this.requireRunning(spec);
    return simExec(request, { disk: await this.host.disk(spec.id), halt: (reason) => this.haltItself(spec, reason) });
  }

  private async haltItself(spec: InstanceSpec, reason: string): Promise<void> {
    const guest = await this.requireRunning(spec);
    await this.host.saveGuest(spec.id, { ...guest, status: 'stopped', pid: 0, nics: [], reason });
    this.listeners.forEach((listener) => listener(spec.id));
  }

  async console(spec: InstanceSpec): Promise<ConsoleConnection> {
    await this.requireRunning(spec);
    const stream = new PassThrough();
    stream.write(`${spec.name} (simulated) login: `);
    return { stream, resize: () => undefined, close: () => stream.destroy() };
  }

  consoleLog(spec: InstanceSpec): Promise<string> {
    return readFile(this.host.path(spec.id, 'log', 'console.log'), 'utf8').catch(() => '');
  }

  async clearConsoleLog(spec: InstanceSpec): Promise<void> {
    await truncate(this.host.path(spec.id, 'log', 'console.log')).catch(() => rm(this.host.path(spec.id, 'log', 'console.log'), { force: true }));
  }

  async files(spec: InstanceSpec): Promise<GuestFiles> {
    await this.host.requireGuest(spec.id, spec.name);
    const change = (work: (disk: SimDisk) => void) =>
      this.serial.run(spec.id, async () => {
        const disk = await this.host.disk(spec.id);
        work(disk);
        await this.host.saveDisk(spec.id, disk.data);
      });
    return simFiles(() => this.host.disk(spec.id), change);
  }

  async logs(instanceId: string): Promise<Record<string, string>> {
    return (await this.host.guest(instanceId)) ? { 'console.log': this.host.path(instanceId, 'log', 'console.log') } : {};
  }

  private async delay(spec: InstanceSpec): Promise<void> {
    const ms = Number(spec.config['user.sim.delay_ms'] ?? 0);
    if (ms > 0) await wait(ms);
  }
}

const LONGEST_WAIT_SECONDS = 24 * 3600;

async function untilPatienceEnds(spec: InstanceSpec, timeoutSeconds: number, interrupt?: AbortSignal): Promise<never> {
  const seconds = timeoutSeconds < 0 ? LONGEST_WAIT_SECONDS : timeoutSeconds;
  await wait(seconds * 1000, undefined, { signal: interrupt }).catch((error: unknown) => {
    throw interrupt?.aborted ? interrupt.reason : error;
  });
  throw new WeftError('task.failed', `Instance "${spec.name}" did not shut down within ${timeoutSeconds} seconds`);
}
