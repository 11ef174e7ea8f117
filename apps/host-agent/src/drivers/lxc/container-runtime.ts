/**
 * Runs containers: what is there comes from the kernel (control groups, /proc, the mount table), never from memory.
 *
 *   start   leftovers away -> root mounted -> config written -> record "started" -> lxc-start
 *   stop    signal to init -> monitor gone -> root unmounted -> record "not started"
 *
 * A kill between two of these steps leaves a state that `inspect` reads right and that the next call cleans up.
 */
import { promises as fs } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type InstanceSpec, WeftError } from '@weft/contracts';
import { type Cgroups, type IdMapping, firstErrors, type Lxc, LxcProcesses, LxcToolError, type RunningContainer } from '@weft/lxc';
import { type ContainerRecord, readRecord, writeRecord } from '../../storage/container-record';
import type { ContainerStorage } from '../../storage/container-storage';
import { type CoreSchedulingSupport, wantsCoreScheduling } from '../../core-scheduling/core-scheduling';
import type { HostNetwork } from '../../network/host-network';
import { inStep } from '../../files/in-step';
import { nicsOf, type Nic } from '../../network/nic';
import { requireNetwork } from '../../network/require-network';
import type { Inspection, StopOptions } from '../driver';
import { containerGroup, isPrivileged, monitorGroup } from './container-config';
import { diskMounts } from './container-devices';
import { detectFeatures } from './container-host';
import { type CgroupValue, cgroupValues } from './container-limits';
import { hostBootId } from '../host-boot';
import { endOf } from './container-end';
import { changeWires, prepareWires } from './container-wires';
import { killGroups, sendSignal } from './kill-groups';
import { haltSignal } from './init-signal';
import { logFile, writeRunFiles } from './run-files';
import { loadKernelModules } from './kernel-modules';

export interface RuntimeOptions {
  storage: ContainerStorage;
  lxc: Lxc;
  cgroups: Cgroups;
  idmap: IdMapping;
  /** Unset: containers have no network devices here. */
  network?: HostNetwork;
  coreScheduling?: CoreSchedulingSupport;
}

const POLL_MS = 10;
const SETTLE_TIMEOUT_MS = 2000;

export class ContainerRuntime {
  readonly processes: LxcProcesses;
  /** Containers that this process holds frozen. */
  private readonly copying = new Set<string>();

  constructor(private readonly options: RuntimeOptions) {
    this.processes = new LxcProcesses(options.cgroups);
  }

  logFile = (instanceId: string, name: 'lxc.log' | 'console.log'): string => logFile(this.options.storage.dir(instanceId), name);

  find = async (instanceId: string): Promise<RunningContainer | undefined> => this.processes.still(monitorGroup(instanceId)) ?? (await this.search(instanceId));

  /** Groups have the instance's name, and a simulated host shares the machine with the one that the instance has moved to. */
  private search = async (instanceId: string): Promise<RunningContainer | undefined> =>
    (await readRecord(this.options.storage.dir(instanceId)))?.started ? this.processes.find(monitorGroup(instanceId)) : undefined;

  /** The container's init; throws `instance.wrong-status` when it does not run. */
  async initPid(spec: InstanceSpec): Promise<number> {
    const pid = (await this.find(spec.id))?.initPid;
    if (pid === undefined) throw new WeftError('instance.wrong-status', 'The instance is not running');
    return pid;
  }

  async record(instanceId: string): Promise<ContainerRecord> {
    const record = await readRecord(this.options.storage.dir(instanceId));
    if (!record) throw new WeftError('instance.not-found', 'The instance is not on this host');
    return record;
  }

  async inspect(instanceId: string): Promise<Inspection> {
    const record = await readRecord(this.options.storage.dir(instanceId));
    if (record?.frozenForCopy && !this.copying.has(instanceId)) await this.letGo(instanceId, record);
    const epoch = record?.epoch ?? 0;
    const running = await this.settled(instanceId, record);
    if (running?.initPid !== undefined) {
      const isFrozen = await this.options.cgroups.frozen(containerGroup(instanceId));
      return { status: isFrozen ? 'frozen' : 'running', epoch, pid: running.initPid };
    }
    if (!record?.started || running) return { status: 'stopped', epoch };
    return { epoch, ...(await endOf(instanceId, record, this.options.cgroups, await this.readLog(instanceId))) };
  }

  /**
   * A monitor without init is between two states: it starts, reboots or ends its container. So is an `lxc-start` that
   * has no monitor yet, left by an agent that was killed. Waits for which, but not for ever.
   */
  private async settled(instanceId: string, record: ContainerRecord | undefined): Promise<RunningContainer | undefined> {
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const found = await this.find(instanceId);
      const isBetween = found ? found.initPid === undefined : !record?.end && (await this.starting(instanceId, record)).length > 0;
      if (!isBetween || performance.now() > deadline) return found;
      await delay(POLL_MS);
    }
  }

  /** Only a run that has begun and was not taken down can have left any: nothing else is worth a look through /proc. */
  private starting(instanceId: string, record: ContainerRecord | undefined): Promise<number[]> {
    return record?.started ? this.processes.starting(instanceId) : Promise.resolve([]);
  }

  async start(spec: InstanceSpec, epoch: number): Promise<void> {
    let record = await this.record(spec.id);
    // A start that was cut off may get there by itself; one that does not is cleared away below.
    if ((await this.settled(spec.id, record))?.initPid !== undefined) return this.save(spec.id, { ...record, epoch, started: true });
    const { storage, cgroups, idmap, network, coreScheduling: support } = this.options;
    const coreScheduling = support !== undefined && wantsCoreScheduling(spec, support);
    const nics = nicsOf(spec);
    requireNetwork(network, nics);
    const disks = await diskMounts(spec.devices);
    const features = await detectFeatures(cgroups);
    const limits = cgroupValues(spec.config, features.limits, spec.id);
    await loadKernelModules(spec.config['linux.kernel_modules'] ?? '');
    await this.clean(spec.id);
    record = await storage.shift(spec.id, record, isPrivileged(spec) ? null : idmap.base);
    try {
      const rootfs = await storage.mount(spec.id, record);
      const wireHook = network && (await prepareWires(storage.dir(spec.id), nics, network));
      await writeRunFiles(spec, { dir: storage.dir(spec.id), rootfs, idmap, features, cgroups, limits, disks, coreScheduling, wireHook });
      await this.save(spec.id, { ...withoutEnd(record), epoch, started: true, bootId: await hostBootId() });
      const pluggedIn = await this.launch(spec.id, nics);
      // liblxc is content a moment before the guest's program is executed.
      await this.settled(spec.id, undefined);
      await network?.plug(nics.filter((nic) => !pluggedIn.includes(nic)));
    } catch (error) {
      await this.clean(spec.id);
      await this.save(spec.id, { ...record, epoch, started: false });
      throw error instanceof LxcToolError ? await this.startFailure(spec, error) : error;
    }
  }

  /** OVN gets to work on wires while liblxc still works on the container. @returns those that are plugged in */
  private async launch(instanceId: string, nics: readonly Nic[]): Promise<readonly Nic[]> {
    const { network } = this.options;
    const launched = new AbortController();
    const leftovers = (await network?.leftovers(nics)) ?? new Map<string, number>();
    const plugging = Promise.resolve(network?.plugAsMade(nics, leftovers, launched.signal) ?? []);
    const ending = this.options.lxc.start(instanceId, this.logFile(instanceId, 'lxc.log')).finally(() => launched.abort());
    await inStep([plugging, ending]);
    return plugging;
  }

  async stop(spec: InstanceSpec, { force, timeoutSeconds, interrupt }: StopOptions): Promise<void> {
    const record = await this.record(spec.id);
    const running = await this.find(spec.id);
    if (running?.initPid !== undefined && !force) {
      interrupt?.throwIfAborted();
      await this.options.cgroups.thaw(containerGroup(spec.id));
      const signal = await haltSignal(running.initPid, spec.config['raw.lxc'] ?? '');
      const timeoutMs = timeoutSeconds < 0 ? Infinity : timeoutSeconds * 1000;
      if (!(await this.shutDown(spec.id, signal, timeoutMs, interrupt)))
        throw new WeftError('task.failed', `The instance did not shut down within ${timeoutSeconds} seconds`);
    }
    await this.clean(spec.id);
    await this.save(spec.id, { ...record, started: false });
  }

  async freeze(spec: InstanceSpec): Promise<void> {
    await this.initPid(spec);
    await this.options.cgroups.freeze(containerGroup(spec.id));
  }

  async unfreeze(spec: InstanceSpec): Promise<void> {
    await this.initPid(spec);
    await this.options.cgroups.thaw(containerGroup(spec.id));
  }

  /** Freezes a running container for the time of `copy`, so that its files do not change under it. */
  async whileStill<T>(instanceId: string, copy: () => Promise<T>): Promise<T> {
    const found = await this.inspect(instanceId);
    if (found.status !== 'running') return copy();
    this.copying.add(instanceId);
    try {
      // Written first: after a kill, whoever looks next lets it go on.
      await this.save(instanceId, { ...(await this.record(instanceId)), frozenForCopy: true });
      await this.options.cgroups.freeze(containerGroup(instanceId));
      return await copy();
    } finally {
      await this.letGo(instanceId, await this.record(instanceId));
      this.copying.delete(instanceId);
    }
  }

  private async letGo(instanceId: string, record: ContainerRecord): Promise<void> {
    await this.options.cgroups.thaw(containerGroup(instanceId));
    await this.save(instanceId, { ...record, frozenForCopy: false });
  }

  /** Writes every limit, the default for those that are not set any more. */
  async update(spec: InstanceSpec): Promise<void> {
    const initPid = (await this.find(spec.id))?.initPid;
    if (initPid === undefined) return;
    const { network, storage } = this.options;
    const wire = async () => {
      if (!spec.nics) return;
      const nics = nicsOf(spec);
      requireNetwork(network, nics);
      if (network) await changeWires(storage.dir(spec.id), spec.id, initPid, nics, network);
    };
    await inStep([wire(), this.writeLimits(spec)]);
  }

  private async writeLimits(spec: InstanceSpec): Promise<void> {
    const { cgroups } = this.options;
    const values = cgroupValues(spec.config, (await detectFeatures(cgroups)).limits, spec.id);
    const group = containerGroup(spec.id);
    for (const { controller, file, value } of await inWritableOrder(values, (file) => cgroups.read('memory', group, file))) {
      await cgroups.write(controller, group, file, value).catch((error: unknown) => {
        throw new WeftError('config.invalid', `${file} = ${value} was refused: ${(error as Error).message}`, { cause: error });
      });
    }
  }

  /** After a container has ended on its own: keeps why, and takes down what its run needed. */
  async settle(instanceId: string): Promise<void> {
    const record = await readRecord(this.options.storage.dir(instanceId));
    if (record?.started && !record.end) {
      const end = await endOf(instanceId, record, this.options.cgroups, await this.readLog(instanceId));
      await this.save(instanceId, { ...record, end });
    }
    await this.clean(instanceId);
  }

  /** Kills what runs and takes down what a run needs. Does nothing where nothing is left. */
  async clean(instanceId: string): Promise<void> {
    const { cgroups, storage, network } = this.options;
    const record = await readRecord(storage.dir(instanceId));
    // Without a run that has begun there is nothing of ours to kill.
    if (record?.started) await killGroups(cgroups, instanceId, () => this.starting(instanceId, record));
    await network?.release(instanceId);
    await storage.unmount(instanceId);
  }

  /** The kernel drops signals that a young init does not handle yet, so the wish is repeated at growing intervals. */
  private async shutDown(instanceId: string, signal: number, timeoutMs: number, interrupt?: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (let intervalMs = 250; ; intervalMs *= 2) {
      const pid = (await this.find(instanceId))?.initPid;
      if (pid !== undefined) sendSignal(pid, signal);
      const leftMs = deadline - performance.now();
      if (await this.gone(instanceId, Math.min(intervalMs, leftMs), interrupt)) return true;
      if (leftMs <= intervalMs) return false;
    }
  }

  private async gone(instanceId: string, timeoutMs: number, interrupt?: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (await this.find(instanceId)) {
      interrupt?.throwIfAborted();
      if (performance.now() > deadline) return false;
      await delay(POLL_MS);
    }
    return true;
  }

  private save = (instanceId: string, record: ContainerRecord): Promise<void> => writeRecord(this.options.storage.dir(instanceId), record);

  private readLog = (instanceId: string): Promise<string> => fs.readFile(this.logFile(instanceId, 'lxc.log'), 'utf8').catch(() => '');

  private async startFailure(spec: InstanceSpec, error: LxcToolError): Promise<WeftError> {
    const words = firstErrors(await this.readLog(spec.id));
    const stderr = error.stderr.trim().split('\n').slice(0, 3);
    return new WeftError('instance.wrong-status', `The container cannot start: ${(words.length > 0 ? words : stderr).join('; ')}`, {
      cause: error,
    });
  }
}

const withoutEnd = ({ end: _, ...record }: ContainerRecord): ContainerRecord => record;

/** Version 1 wants memory <= memory + swap at every moment: raise the outer limit first, lower it last. */
async function inWritableOrder(values: readonly CgroupValue[], read: (file: string) => Promise<string | undefined>): Promise<CgroupValue[]> {
  const inner = values.find((value) => value.file === 'memory.limit_in_bytes');
  if (!inner || !values.some((value) => value.file === 'memory.memsw.limit_in_bytes')) return [...values];
  const wanted = inner.value === '-1' ? Infinity : Number(inner.value);
  const isRaised = wanted > Number((await read('memory.memsw.limit_in_bytes')) ?? 0);
  const outer = values.filter((value) => value.file === 'memory.memsw.limit_in_bytes');
  const rest = values.filter((value) => value.file !== 'memory.memsw.limit_in_bytes');
  return isRaised ? [...outer, ...rest] : [...rest, ...outer];
}
