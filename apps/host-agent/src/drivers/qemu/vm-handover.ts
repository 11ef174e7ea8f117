/**
 * Virtual machines on their way to another server, and from one: disk, base and UEFI variables, of snapshots too. A disk
 * from elsewhere must refer to the base that came along or to nothing: QEMU would read whatever file of this host it named.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { WeftError, type InstanceSpec } from '@weft/contracts';
import { BASE, DISK, NVRAM, refersOnlyTo } from '../../storage/vm-disk';
import { requireSnapshot } from '../../storage/vm-snapshots';
import { runProgram } from '../../storage/vm-program';
import { pack, unpack } from '../archive';
import { requireDirectories, requireFiles, requireOnly, requireSnapshots } from '../arrived-files';
import type { Arrival, Handover, HandoverSelection } from '../handover';
import type { Archive } from '../mover';
import { requireVm } from './vm-create';
import { present } from './vm-mover';
import type { VmPaths } from './vm-paths';
import { findProcess } from './vm-process';
import { newRecord, readRecord, writeRecord } from './vm-record';

const RECORD = 'vm.json';
const ARRIVING = 'arriving';
const ROOT_FILES = [BASE, NVRAM, DISK];
const SNAPSHOT_FILES = [...ROOT_FILES, 'state.bin', 'abi.json'];

export class VmHandover implements Handover {
  constructor(private readonly pathsOf: (instanceId: string) => VmPaths) {}

  async describe(instanceId: string, selection: HandoverSelection): Promise<{ image: string; bytes: number }> {
    const files = (await this.partsOf(instanceId, selection)).flatMap(({ dir, names }) => names.map((name) => join(dir, name)));
    const words = await runProgram('du', ['-s', '-c', '-B1', '--', ...files]);
    return { image: '', bytes: Number(words.trimEnd().split('\n').at(-1)?.split('\t')[0]) };
  }

  async send(instanceId: string, selection: HandoverSelection): Promise<Archive> {
    const paths = this.pathsOf(instanceId);
    if (selection.root === '' && (await findProcess(paths)) !== undefined) throw new WeftError('instance.wrong-status', 'The instance is running');
    return pack(await this.partsOf(instanceId, selection));
  }

  private async partsOf(instanceId: string, { root, snapshots }: HandoverSelection) {
    const { dir, ...paths } = this.pathsOf(instanceId);
    await requireVm({ dir, ...paths }, instanceId);
    const from = root === '' ? dir : await requireSnapshot(dir, root);
    const along = await Promise.all(
      snapshots.map(async (id) => (await present(await requireSnapshot(dir, id), SNAPSHOT_FILES)).map((name) => join('snapshots', id, name))),
    );
    return [
      { dir: from, names: await present(from, ROOT_FILES) },
      { dir, names: [RECORD, ...along.flat()] },
    ];
  }

  async receive(spec: InstanceSpec, archive: Readable, { snapshots }: Arrival): Promise<() => Promise<void>> {
    const paths = this.pathsOf(spec.id);
    const arriving = join(paths.dir, ARRIVING);
    await rm(arriving, { recursive: true, force: true });
    await mkdir(arriving, { mode: 0o700 });
    await unpack(arriving, archive);
    await requireSnapshots(arriving, Object.keys(snapshots));
    await requireMachine(arriving, [...ROOT_FILES, RECORD], ['snapshots']);
    for (const id of Object.keys(snapshots)) await requireMachine(join(arriving, 'snapshots', id), SNAPSHOT_FILES);
    await requireFiles(arriving, [RECORD]);
    const nvramTemplate = (await readRecord({ ...paths, record: join(arriving, RECORD) }))?.nvramTemplate ?? '';
    return async () => {
      await rm(paths.snapshots, { recursive: true, force: true });
      await mkdir(paths.snapshots, { mode: 0o700 });
      await mkdir(paths.logDir, { recursive: true, mode: 0o700 });
      for (const [from, to] of Object.entries(snapshots)) await rename(join(arriving, 'snapshots', from), paths.snapshot(to));
      for (const name of await present(arriving, ROOT_FILES)) await rename(join(arriving, name), join(paths.dir, name));
      await runProgram('sync', ['-f', paths.dir]);
      // What was saved of a run there does not go on here, and neither does what the last start gave it.
      await writeRecord(paths, { ...newRecord(), phase: 'stopped', nvramTemplate });
      await rm(arriving, { recursive: true, force: true });
    };
  }
}

async function requireMachine(dir: string, files: readonly string[], directories: readonly string[] = []): Promise<void> {
  await requireOnly(dir, [...files, ...directories]);
  const there = await readdir(dir);
  await requireFiles(dir, [DISK, NVRAM, ...there.filter((name) => files.includes(name))]);
  await requireDirectories(
    dir,
    there.filter((name) => directories.includes(name)),
  );
  if (there.includes(BASE)) await requireReferences(join(dir, BASE), undefined);
  await requireReferences(join(dir, DISK), there.includes(BASE) ? BASE : undefined);
}

async function requireReferences(disk: string, base: string | undefined): Promise<void> {
  if (!(await refersOnlyTo(disk, base))) throw new WeftError('image.invalid', 'The other server has sent a disk that refers to other files');
}
