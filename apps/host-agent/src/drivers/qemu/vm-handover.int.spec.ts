/** Virtual machines that go to another server and come from one; nothing runs. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PassThrough } from 'node:stream';
import { newId, type InstanceSpec } from '@weft/contracts';
import { scratchDir } from '@weft/testing';
import { VmHandover } from './vm-handover';
import { vmPaths } from './vm-paths';
import { newRecord, readRecord, writeRecord } from './vm-record';

const run = promisify(execFile);
jest.setTimeout(60_000);

describe('a virtual machine between servers', () => {
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  let [id, snapshot] = ['', ''];
  const pathsOf = (instanceId: string) => vmPaths(join(scratch.path, instanceId));
  const handover = new VmHandover(pathsOf);
  const disk = (dir: string, name: string, ...over: string[]) => run('qemu-img', ['create', '-q', '-f', 'qcow2', ...over, join(dir, name), '1M']);
  const machine = async (dir: string) => {
    await mkdir(dir, { recursive: true });
    await disk(dir, 'base.qcow2');
    await disk(dir, 'disk.qcow2', '-F', 'qcow2', '-b', join(dir, 'base.qcow2')).then(() =>
      run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', 'base.qcow2', join(dir, 'disk.qcow2')]),
    );
    await writeFile(join(dir, 'nvram.fd'), 'variables');
  };
  beforeEach(async () => {
    scratch = await scratchDir();
    [id, snapshot] = [newId(), newId()];
    await machine(pathsOf(id).dir);
    await machine(pathsOf(id).snapshot(snapshot));
    await writeRecord(pathsOf(id), { ...newRecord(), phase: 'stopped', epoch: 7, hostBoot: 'there', nvramTemplate: 'template' });
  });
  afterEach(() => scratch.remove());

  const arrive = async (selection: { root: string; snapshots: string[] }, snapshots: Record<string, string>, there = newId()) => {
    await mkdir(pathsOf(there).dir, { recursive: true });
    const { stream, done } = await handover.send(id, selection);
    const settle = await handover.receive({ id: there, type: 'virtual-machine' } as InstanceSpec, stream.pipe(new PassThrough()), { image: '', snapshots });
    await done;
    await settle();
    return pathsOf(there);
  };

  it('comes whole, as one that never ran here', async () => {
    const to = newId();
    expect((await handover.describe(id, { root: '', snapshots: [snapshot] })).bytes).toBeGreaterThan(100_000);
    const there = await arrive({ root: '', snapshots: [snapshot] }, { [snapshot]: to });
    expect((await readdir(there.dir)).sort()).toEqual(['base.qcow2', 'disk.qcow2', 'log', 'nvram.fd', 'snapshots', 'vm.json']);
    expect((await readdir(there.snapshot(to))).sort()).toEqual(['base.qcow2', 'disk.qcow2', 'nvram.fd']);
    expect(await readRecord(there)).toMatchObject({ phase: 'stopped', epoch: 0, hostBoot: '', nvramTemplate: 'template' });
  });

  it('comes again, in the place of what was there; what ended it in the middle does no harm', async () => {
    const [there, to] = [newId(), newId()];
    await arrive({ root: '', snapshots: [snapshot] }, { [snapshot]: to }, there);
    await writeFile(pathsOf(there).state, 'memory');
    await writeFile(join(pathsOf(id).dir, 'nvram.fd'), 'later');
    await arrive({ root: '', snapshots: [] }, {}, there);
    expect((await readdir(pathsOf(there).dir)).sort()).toEqual(['base.qcow2', 'disk.qcow2', 'log', 'nvram.fd', 'snapshots', 'vm.json']);
    expect(await readdir(pathsOf(there).snapshots)).toEqual([]);
    expect(await readFile(pathsOf(there).nvram, 'utf8')).toBe('later');

    // As a killed agent leaves it: all has arrived, the disk is in its place already.
    const arrived = join(pathsOf(there).dir, 'arrived');
    await mkdir(arrived);
    await writeFile(join(arrived, 'note.json'), JSON.stringify({ nvramTemplate: 'template', hasBase: false, snapshots: {} }));
    await writeFile(join(arrived, 'nvram.fd'), 'last');
    await mkdir(join(pathsOf(there).dir, 'arriving'));
    await handover.recover(there);
    expect((await readdir(pathsOf(there).dir)).sort()).toEqual(['disk.qcow2', 'log', 'nvram.fd', 'snapshots', 'vm.json']);
    expect(await readFile(pathsOf(there).nvram, 'utf8')).toBe('last');
  });

  it('can be one of its snapshots', async () => {
    const there = await arrive({ root: snapshot, snapshots: [] }, {});
    expect(await readdir(there.snapshots)).toEqual([]);
  });

  it('is refused when its disk reads files of this host', async () => {
    await disk(pathsOf(id).dir, 'disk.qcow2', '-F', 'raw', '-u', '-b', '/etc/shadow');
    await expect(arrive({ root: '', snapshots: [] }, {})).rejects.toThrow('refers to other files');
  });
});
