import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchDir } from '@weft/testing';
import { refersOnlyTo } from '../storage/vm-disk';
import { requireDirectories, requireFiles, requireNoDevices, requireOnly, requireSnapshots } from './arrived-files';

const run = promisify(execFile);

describe('what another server has sent', () => {
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  let dir = '';
  beforeEach(async () => {
    scratch = await scratchDir();
    dir = join(scratch.path, 'arriving');
    await mkdir(join(dir, 'data', 'upper'), { recursive: true });
    await writeFile(join(dir, 'record'), '{}');
  });
  afterEach(() => scratch.remove());

  it('is what belongs there', async () => {
    await requireOnly(dir, ['data', 'record']);
    await requireFiles(dir, ['record']);
    await requireDirectories(dir, ['data', 'data/upper']);
    await requireSnapshots(dir, []);
    await requireNoDevices(dir);
  });

  it('has no link in place of a file or directory: it would lead to the host', async () => {
    await symlink('/etc/passwd', join(dir, 'stolen'));
    await symlink('/etc', join(dir, 'place'));
    await expect(requireFiles(dir, ['stolen'])).rejects.toThrow('"stolen" is missing, or no file');
    await expect(requireDirectories(dir, ['place'])).rejects.toThrow('"place" is missing, or no directory');
    await expect(requireOnly(dir, ['data', 'record', 'place'])).rejects.toThrow('"stolen"');
  });

  it('has the snapshots that were offered, no more and no fewer', async () => {
    await mkdir(join(dir, 'snapshots', 'one'), { recursive: true });
    await requireSnapshots(dir, ['one']);
    await expect(requireSnapshots(dir, [])).rejects.toThrow('a snapshot "one"');
    await expect(requireSnapshots(dir, ['one', 'two'])).rejects.toThrow('missing');
  });

  it('has no device of the host; a whiteout of overlayfs is none', async () => {
    await run('mknod', [join(dir, 'data/upper/whiteout'), 'c', '0', '0']);
    await requireNoDevices(dir);
    await run('mknod', [join(dir, 'data/upper/kmsg'), 'c', '1', '11']);
    await expect(requireNoDevices(dir)).rejects.toThrow('a device node');
  });

  it('has no disk that reads files of the host', async () => {
    const create = (name: string, ...over: string[]) => run('qemu-img', ['create', '-q', '-f', 'qcow2', ...over, join(dir, name), '1M']);
    await create('base.qcow2');
    await create('disk.qcow2', '-F', 'qcow2', '-b', 'base.qcow2');
    await create('evil.qcow2', '-F', 'raw', '-u', '-b', '/etc/shadow');
    expect(await refersOnlyTo(join(dir, 'base.qcow2'), undefined)).toBe(true);
    expect(await refersOnlyTo(join(dir, 'disk.qcow2'), 'base.qcow2')).toBe(true);
    expect(await refersOnlyTo(join(dir, 'disk.qcow2'), undefined)).toBe(false);
    expect(await refersOnlyTo(join(dir, 'evil.qcow2'), 'base.qcow2')).toBe(false);
  });
});
