/** Virtual machines on their way to another host; migration-*.ts have the live part. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { WeftError, type InstanceSpec, type MoveFacts, type TransferPass } from '@weft/contracts';
import { BASE, diskInfo, DISK, NVRAM } from '../../storage/vm-disk';
import { runProgram } from '../../storage/vm-program';
import { pack, unpack } from '../archive';
import type { Archive, LiveMover, Mover } from '../mover';
import type { MemoryHooks } from './migration-memory';
import { readMigration } from './migration-record';
import { copyMemory, mirrorDisk, settle, switchOver } from './migration-source';
import { beginTarget, confirmTarget, discardTarget, prepareTarget } from './migration-target';
import { requireVm } from './vm-create';
import type { MachineHost } from './vm-launch';
import { isTrue } from './vm-limits';
import type { VmPaths } from './vm-paths';
import { findProcess, lastWords } from './vm-process';
import { readRecord, writeRecord } from './vm-record';
import type { VmWatch } from './vm-watch';

const RECORD = 'vm.json';
/** What the agent itself keeps in the directory. */
const AGENTS_OWN = new Set(['spec.json', 'state.json', 'log', 'migration.json', 'tls']);

export interface VmMoverParts {
  pathsOf(instanceId: string): VmPaths;
  machineHost(): Promise<MachineHost>;
  watch: VmWatch;
  /** One thing after the other for each instance. */
  serially<T>(instanceId: string, work: () => Promise<T>): Promise<T>;
}

export class VmMover implements Mover {
  readonly live: LiveMover;

  constructor(private readonly parts: VmMoverParts) {
    const { pathsOf, watch, serially, machineHost } = parts;
    this.live = {
      prepareTarget: (spec, order, files) =>
        serially(spec.id, async () => {
          const endpoint = await prepareTarget(pathsOf(spec.id), spec, order, await machineHost(), files);
          await watch.add(spec.id, pathsOf(spec.id));
          return endpoint;
        }),
      secret: (instanceId, migrationId) => secretOf(pathsOf(instanceId), migrationId),
      mirror: (spec, order, progress, interrupt) => unlessEnded(pathsOf(spec.id), () => mirrorDisk(pathsOf(spec.id), order, progress, interrupt)),
      memory: (spec, order, progress, interrupt) =>
        unlessEnded(pathsOf(spec.id), () => copyMemory(pathsOf(spec.id), order, { progress, interrupt, ...this.monitorOf(spec.id) })),
      switchover: (spec, order, progress, interrupt, go) =>
        unlessEnded(pathsOf(spec.id), () => switchOver(pathsOf(spec.id), order, { progress, interrupt, ...this.monitorOf(spec.id) }, go)),
      settle: (spec, order) => settle(pathsOf(spec.id), order),
      begin: (instanceId, order) => serially(instanceId, () => beginTarget(pathsOf(instanceId), order, this.monitorOf(instanceId).withLink)),
      confirmTarget: (instanceId, order) => serially(instanceId, () => confirmTarget(pathsOf(instanceId), order, this.monitorOf(instanceId).withLink)),
      discardTarget: (instanceId, order) =>
        serially(instanceId, async () => {
          const isLeft = await discardTarget(pathsOf(instanceId), instanceId, order);
          if (!isLeft) await (await machineHost()).network?.release(instanceId);
          return isLeft;
        }),
    };
  }

  private monitorOf(instanceId: string): Pick<MemoryHooks, 'withLink' | 'untilEvent'> {
    const { pathsOf, watch } = this.parts;
    return {
      withLink: (work) => watch.withLink(instanceId, pathsOf(instanceId), work),
      untilEvent: (name, timeoutMs) => watch.next(instanceId, name, timeoutMs),
    };
  }

  async facts(spec: InstanceSpec): Promise<MoveFacts> {
    const paths = this.parts.pathsOf(spec.id);
    const { abi } = await requireVm(paths, spec.id);
    const [{ sizeBytes }, usedBytes, pid] = await Promise.all([diskInfo(paths.disk), allocatedBytes(paths.dir), findProcess(paths)]);
    const runs = pid !== undefined;
    return {
      diskBytes: sizeBytes,
      usedBytes,
      memoryBytes: runs ? (abi?.memoryBytes ?? 0) : 0,
      ...(abi ? { abi } : {}),
      blockers: runs ? blockers(spec, abi !== undefined) : [],
    };
  }

  async send(instanceId: string, pass: TransferPass): Promise<Archive> {
    const paths = this.parts.pathsOf(instanceId);
    await requireVm(paths, instanceId);
    const beside = [BASE, NVRAM, 'seed.img', 'snapshots'];
    if (pass === 'beside') return pack([{ dir: paths.dir, names: await present(paths.dir, beside) }], { inUse: true });
    if ((await findProcess(paths)) !== undefined) throw new WeftError('instance.wrong-status', 'The instance is running');
    // The record comes last: what has none is not whole.
    return pack([{ dir: paths.dir, names: await present(paths.dir, [...beside, 'state.bin', DISK, RECORD]) }]);
  }

  async receive(spec: InstanceSpec, pass: TransferPass, archive: Readable): Promise<void> {
    const { dir, record: place } = this.parts.pathsOf(spec.id);
    for (const name of await readdir(dir)) if (!AGENTS_OWN.has(name)) await rm(join(dir, name), { recursive: true, force: true });
    await unpack(dir, archive);
    // Somebody is about to delete where it came from.
    await runProgram('sync', ['-f', dir]);
    if (pass === 'beside') return;
    const record = await readRecord(this.parts.pathsOf(spec.id));
    if (!record) throw new WeftError('task.failed', `The files of the instance came without ${place}`);
    await writeRecord(this.parts.pathsOf(spec.id), { ...record, phase: 'stopped' });
  }
}

/** What a monitor says that is gone tells nobody why. */
async function unlessEnded<T>(paths: VmPaths, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WeftError || (await findProcess(paths)) !== undefined) throw error;
    const words = await lastWords(paths);
    throw new WeftError('task.failed', `The virtual machine has ended in the middle of the move${words ? `: ${words}` : ''}`, { cause: error });
  }
}

async function secretOf(paths: VmPaths, migrationId: string): Promise<string> {
  const migration = await readMigration(paths);
  if (migration?.role === 'target' && migration.migrationId === migrationId) return migration.key;
  throw new WeftError('task.failed', 'This host does not wait for that instance');
}

function blockers({ config, devices }: InstanceSpec, hasAbi: boolean): string[] {
  const local = Object.entries(devices).filter(([, { type, path }]) => type === 'disk' && path !== '/');
  return [
    ...(hasAbi ? [] : ['it was started by an older agent: restart it once']),
    ...(isTrue(config['migration.stateful']) ? [] : ['Live migration requires migration.stateful to be set to true']),
    ...local.map(([name, { source }]) => `the disk "${name}" (${source ?? ''}) is on this host only`),
  ];
}

export async function present(dir: string, names: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    names.map((name) =>
      stat(join(dir, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return names.filter((_, index) => there[index]);
}

const allocatedBytes = async (dir: string): Promise<number> => Number((await runProgram('du', ['-s', '-B1', '--exclude=log', dir])).split('\t')[0]);
