/**
 * Virtual machines on their way to another server, and from one: disk, base and UEFI variables, of snapshots too. A disk
 * from elsewhere must refer to the base that came along or to nothing: QEMU would read whatever file of this host it named.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { WeftError, type InstanceSpec } from '@weft/contracts';
import { z } from 'zod';
import { readJson, writeDurably } from '../../files/durable-file';
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
/** What has arrived whole and is on its way into the place of what was there. */
const ARRIVED = 'arrived';
const NOTE = 'note.json';
const arrivedNote = z.object({ nvramTemplate: z.string(), hasBase: z.boolean(), snapshots: z.record(z.string(), z.string()) });
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
    const hasBase = (await present(arriving, [BASE])).length > 0;
    return async () => {
      await mkdir(paths.logDir, { recursive: true, mode: 0o700 });
      await writeDurably(join(arriving, NOTE), JSON.stringify({ nvramTemplate, hasBase, snapshots }));
      await runProgram('sync', ['-f', paths.dir]);
      await rm(join(paths.dir, ARRIVED), { recursive: true, force: true });
      await rename(arriving, join(paths.dir, ARRIVED));
      await settle(paths);
    };
  }

  async recover(instanceId: string): Promise<void> {
    const paths = this.pathsOf(instanceId);
    await rm(join(paths.dir, ARRIVING), { recursive: true, force: true });
    await settle(paths);
  }
}

/** Files that belong together take the place of others one by one: whatever ends it in the middle, a repeat goes on. */
async function settle(paths: VmPaths): Promise<void> {
  const arrived = join(paths.dir, ARRIVED);
  const note = await readJson(join(arrived, NOTE), arrivedNote);
  if (!note) return rm(arrived, { recursive: true, force: true });
  await mkdir(paths.snapshots, { recursive: true, mode: 0o700 });
  for (const [from, to] of Object.entries(note.snapshots)) {
    // A snapshot does not change: one that has come before is the same.
    if ((await present(paths.snapshots, [to])).length > 0) continue;
    await rename(join(arrived, 'snapshots', from), paths.snapshot(to));
  }
  for (const name of await present(arrived, ROOT_FILES)) await rename(join(arrived, name), join(paths.dir, name));
  if (!note.hasBase) await rm(join(paths.dir, BASE), { force: true });
  const kept = Object.values(note.snapshots);
  for (const id of await readdir(paths.snapshots)) if (!kept.includes(id)) await rm(paths.snapshot(id), { recursive: true, force: true });
  await runProgram('sync', ['-f', paths.dir]);
  // What was saved of a run there, or here, does not go on, and neither does what the last start gave it.
  await rm(paths.state, { force: true });
  await writeRecord(paths, { ...newRecord(), phase: 'stopped', nvramTemplate: note.nvramTemplate });
  await rm(arrived, { recursive: true, force: true });
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
