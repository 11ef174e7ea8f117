import { chown, link, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { scratchDir } from '@weft/testing';
import { lookFurtherBack, pack, unpack } from './archive';

describe('an archive of an instance', () => {
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  let [from, to] = ['', ''];
  beforeEach(async () => {
    scratch = await scratchDir();
    [from, to] = [join(scratch.path, 'from'), join(scratch.path, 'to')];
    await mkdir(join(from, 'data'), { recursive: true });
    await mkdir(to);
  });
  afterEach(() => scratch.remove());

  const move = async (options?: Parameters<typeof pack>[1], removals = false) => {
    const archive = pack([{ dir: from, names: ['data'] }], options);
    await unpack(to, archive.stream, { removals });
    await archive.done;
  };

  it('keeps holes, links and owners', async () => {
    await writeFile(join(from, 'data/file'), 'text');
    await link(join(from, 'data/file'), join(from, 'data/hard'));
    await symlink('/nowhere', join(from, 'data/soft'));
    await chown(join(from, 'data/file'), 1_000_000, 1_000_000);
    await truncate(join(from, 'data/file'), 50_000_000);
    await move();
    expect((await readdir(join(to, 'data'))).sort()).toEqual(['file', 'hard', 'soft']);
    const [file, hard] = await Promise.all(['file', 'hard'].map((name) => stat(join(to, 'data', name))));
    expect(file).toMatchObject({ uid: 1_000_000, size: 50_000_000, ino: hard?.ino });
    expect(file!.blocks * 512).toBeLessThan(1_000_000);
  });

  it('gives a file at its top another name, and changes nothing else of that name', async () => {
    await writeFile(join(from, 'record.json'), 'record');
    await writeFile(join(from, 'data/record.json'), 'other');
    await symlink('record.json', join(from, 'data/soft'));
    const archive = pack([{ dir: from, names: ['data', 'record.json'] }]);
    await unpack(to, archive.stream, { renamed: ['record.json', 'coming.json'] });
    await archive.done;
    expect((await readdir(to)).sort()).toEqual(['coming.json', 'data']);
    expect(await readFile(join(to, 'data/soft'), 'utf8')).toBe('other');
  });

  it('brings what changed since the first one, and takes away what is gone', async () => {
    const notes = join(scratch.path, 'notes');
    for (const name of ['kept', 'changed', 'gone']) await writeFile(join(from, 'data', name), 'first');
    await move({ notes, inUse: true });
    await writeFile(join(from, 'data/changed'), 'second');
    await writeFile(join(from, 'data/new'), 'new');
    await rm(join(from, 'data/gone'));
    await lookFurtherBack(notes);
    await move({ notes }, true);
    expect((await readdir(join(to, 'data'))).sort()).toEqual(['changed', 'kept', 'new']);
    expect(await readFile(join(to, 'data/changed'), 'utf8')).toBe('second');
  });

  it('is not taken for whole when it breaks off, or is none', async () => {
    const broken = new PassThrough();
    broken.write(Buffer.alloc(512, 1));
    const failing = unpack(to, broken);
    broken.destroy(new Error('the sender is gone'));
    await expect(failing).rejects.toThrow('the sender is gone');
    await expect(unpack(to, Readable.from([Buffer.alloc(10_240, 7)]))).rejects.toThrow('could not be unpacked');
  });
});
