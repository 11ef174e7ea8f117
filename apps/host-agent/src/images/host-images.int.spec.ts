import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { newId, type StagedImage } from '@weft/contracts';
import { createLogger } from '@weft/platform';
import { scratchDir } from '@weft/testing';
import { HostImages } from './host-images';
import { metadataEntry, metadataTarball, qcow2, rootEntries, squashfs, tarball, unifiedContainer, type SampleEntry } from './image-samples';

jest.setTimeout(60_000);

const BASE = 1_000_000;

describe('image store', () => {
  let dir: string;
  let scratch: string;
  let removals: (() => Promise<void>)[];
  let images: HostImages;
  let used: Set<string>;
  const open = () =>
    HostImages.open({
      dir,
      logger: createLogger('images', 'fatal'),
      inUse: () => Promise.resolve(used),
      limits: { metadataBytes: 2 ** 20, archiveBytes: 2 ** 26, unpackedBytes: 2 ** 25, entries: 1000 },
    });

  beforeEach(async () => {
    const [store, samples] = await Promise.all([scratchDir(), scratchDir()]);
    removals = [store.remove, samples.remove];
    // A place of its own below: the scratch directory holds a file about its owner.
    dir = join(store.path, 'member');
    await mkdir(dir);
    scratch = samples.path;
    used = new Set();
    images = await open();
  });
  afterEach(() => Promise.all(removals.map((remove) => remove())));

  /** As the transfer does it: bytes into the upload, then read. */
  const upload = async (metadata: Buffer, rootfs?: Buffer): Promise<StagedImage> => {
    const uploadId = newId();
    const at = await images.beginUpload(uploadId);
    await writeFile(join(at, 'metadata'), metadata);
    if (rootfs) await writeFile(join(at, 'rootfs'), rootfs);
    const hash = createHash('sha256').update(metadata);
    if (rootfs) hash.update(rootfs);
    return images.finishUpload(uploadId, {
      split: rootfs !== undefined,
      metadataName: 'm',
      rootfsName: 'r',
      fingerprint: hash.digest('hex'),
      sizeBytes: metadata.length + (rootfs?.length ?? 0),
    });
  };
  const added = async (metadata: Buffer, rootfs?: Buffer): Promise<string> => {
    const staged = await upload(metadata, rootfs);
    await images.commit(staged.uploadId, staged.fingerprint);
    return staged.fingerprint;
  };
  const expectRefused = async (work: Promise<unknown>, code = 'image.invalid') => {
    await expect(work).rejects.toMatchObject({ code });
    expect(await readdir(join(dir, 'uploads'))).toEqual([]);
    expect(await readdir(join(dir, 'images'))).toEqual([]);
  };
  const container = (entries: SampleEntry[]) => tarball([metadataEntry, { name: 'rootfs/', type: 'directory', mode: 0o755 }, ...entries]);

  it('lets no user of the host to the extracted images and their set-id programs', async () => {
    for (const name of ['images', 'uploads']) expect((await stat(join(dir, name))).mode & 0o077).toBe(0);
  });

  it('reads a unified container image and unpacks it with shifted owners', async () => {
    const bytes = await unifiedContainer();
    const staged = await upload(bytes);
    expect(staged).toMatchObject({
      type: 'container',
      architecture: 'x86_64',
      creationDate: 1_700_000_000,
      properties: { os: 'Tiny', release: '1', serial: '20240101' },
      fingerprint: createHash('sha256').update(bytes).digest('hex'),
    });
    for (let round = 0; round < 2; round += 1) await images.commit(staged.uploadId, staged.fingerprint);
    expect(await images.list()).toEqual([staged.fingerprint]);

    const [root, again] = await Promise.all([
      images.containerRoot(staged.fingerprint, { idmapBase: BASE }),
      images.containerRoot(staged.fingerprint, { idmapBase: BASE }),
    ]);
    expect(again).toBe(root);
    const su = await stat(join(root, 'bin/su'));
    expect({ uid: su.uid, gid: su.gid, mode: su.mode & 0o7777, links: su.nlink }).toEqual({ uid: BASE, gid: BASE, mode: 0o4755, links: 2 });
    const file = await stat(join(root, 'home/user/größe'));
    expect({ uid: file.uid, gid: file.gid, mode: file.mode & 0o7777, at: file.mtimeMs }).toEqual({
      uid: BASE + 1000,
      gid: BASE + 1001,
      mode: 0o640,
      at: 1_700_000_000_000,
    });
    // Directories that the archive did not name belong to the container's root too.
    expect((await stat(join(root, 'home'))).uid).toBe(BASE);
    expect((await stat(root)).uid).toBe(BASE);
    expect((await lstat(join(root, 'bin/sh'))).uid).toBe(BASE);
    expect(await readlink(join(root, 'bin/sh'))).toBe('/bin/busybox');
    expect(await readdir(join(root, 'dev'))).toEqual([]);
    expect((await stat(join(root, 'sealed'))).mode & 0o7777).toBe(0o555);

    const privileged = await images.containerRoot(staged.fingerprint, { idmapBase: null });
    expect((await stat(join(privileged, 'home/user/größe'))).uid).toBe(1000);
    expect(await readdir(await images.metadataDir(staged.fingerprint))).toEqual(['metadata.yaml', 'templates']);
  });

  it.each([
    ['xz', ['xz', '-c']],
    ['zstd', ['zstd', '-qc']],
    ['bzip2', ['bzip2', '-c']],
    ['plain', ['cat']],
  ])('reads %s tarballs', async (_name, [program = '', ...args]) => {
    const compressed = execFileSync(program, args, { input: await container([{ name: 'rootfs/etc/x', content: 'x' }]) });
    const root = await images.containerRoot(await added(compressed), { idmapBase: null });
    expect(await readFile(join(root, 'etc/x'), 'utf8')).toBe('x');
  });

  it('takes split images: squashfs, tarball, qcow2', async () => {
    const metadata = await metadataTarball();
    const fromSquashfs = await images.containerRoot(await added(metadata, await readFile(squashfs(scratch))), { idmapBase: BASE });
    const su = await stat(join(fromSquashfs, 'bin/su'));
    expect({ uid: su.uid, gid: su.gid, mode: su.mode & 0o7777 }).toEqual({ uid: BASE + 5, gid: BASE + 6, mode: 0o4755 });
    expect(await readdir(join(fromSquashfs, 'bin'))).toEqual(['su']);

    const fromTar = await images.containerRoot(await added(metadata, gzipSync(await tarball(rootEntries('./')))), { idmapBase: null });
    expect(await readFile(join(fromTar, 'sealed/file'), 'utf8')).toBe('inside');

    const vm = await added(metadata, await readFile(qcow2(scratch, 'disk')));
    expect((await images.meta(vm)).type).toBe('virtual-machine');
    expect((await stat(await images.vmDisk(vm))).size).toBeGreaterThan(0);
    await expect(images.containerRoot(vm, { idmapBase: null })).rejects.toMatchObject({ code: 'image.wrong-type' });
  });

  it('takes unified virtual machine images', async () => {
    const disk = await readFile(qcow2(scratch, 'disk'));
    const vm = await added(gzipSync(await tarball([metadataEntry, { name: 'rootfs.img', content: disk }])));
    expect(await readFile(await images.vmDisk(vm))).toEqual(disk);
  });

  describe('refuses, and leaves nothing', () => {
    const outside = '/tmp/weft-escaped';
    afterEach(() => expect(existsSync(outside)).toBe(false));

    it.each<[string, () => Promise<Buffer> | Buffer]>([
      ['bytes that are no image', () => Buffer.from('this is not an image at all')],
      ['an empty file', () => Buffer.alloc(0)],
      ['a truncated archive', async () => (await unifiedContainer()).subarray(0, 200)],
      ['a damaged archive', async () => Buffer.from(await unifiedContainer()).fill(0xaa, 60, 120)],
      ['an archive without metadata.yaml', () => tarball(rootEntries('rootfs/'))],
      ['an archive without a root file system', () => tarball([metadataEntry])],
      ['metadata without an architecture', () => tarball([{ name: 'metadata.yaml', content: 'creation_date: 1\n' }, ...rootEntries('rootfs/')])],
      ['metadata that is not YAML', () => tarball([{ name: 'metadata.yaml', content: '{{{' }, ...rootEntries('rootfs/')])],
      ['names that lead out', () => container([{ name: 'rootfs/../../../../tmp/weft-escaped', content: 'x' }])],
      ['absolute names', () => container([{ name: '/tmp/weft-escaped', content: 'x' }])],
      [
        'a write through a symbolic link',
        () =>
          container([
            { name: 'rootfs/t', type: 'symlink', linkname: '/tmp' },
            { name: 'rootfs/t/weft-escaped', content: 'x' },
          ]),
      ],
      ['a hard link to the host', () => container([{ name: 'rootfs/h', type: 'link', linkname: '/etc/shadow' }])],
      ['a bomb', async () => gzipSync(await container([{ name: 'rootfs/zeros', content: Buffer.alloc(2 ** 25 + 1) }]))],
      ['too many files', () => container(Array.from({ length: 1001 }, (_, index) => ({ name: `rootfs/${index}`, content: '' })))],
    ])('%s', async (_name, make) => {
      await expectRefused(upload(await make()));
    });

    it('disks that read files of the host, or that are cut off', async () => {
      const metadata = await metadataTarball();
      const base = qcow2(scratch, 'base');
      await expectRefused(upload(metadata, await readFile(qcow2(scratch, 'backed', '-b', base, '-F', 'qcow2'))));
      await expectRefused(upload(metadata, await readFile(qcow2(scratch, 'external', '-o', `data_file=${join(scratch, 'data')},data_file_raw=on`))));
      await expectRefused(upload(metadata, Buffer.from('QFI\xfb garbage', 'latin1')));
    });

    it('squashfs that is cut off', async () => {
      const file = squashfs(scratch);
      await truncate(file, 100);
      await expectRefused(upload(await metadataTarball(), await readFile(file)));
    });
  });

  it('refuses to commit what is not there or is something else', async () => {
    await expect(images.commit(newId(), 'a'.repeat(64))).rejects.toMatchObject({ code: 'image.not-found' });
    const staged = await upload(await unifiedContainer());
    await expect(images.commit(staged.uploadId, 'a'.repeat(64))).rejects.toMatchObject({ code: 'image.invalid' });
  });

  it('keeps what instances stand on when their image is deleted, until the last is gone', async () => {
    const bytes = await unifiedContainer();
    const fingerprint = await added(bytes);
    const root = await images.containerRoot(fingerprint, { idmapBase: null });
    used.add(fingerprint);
    for (let round = 0; round < 2; round += 1) await images.delete(fingerprint);
    expect(await images.list()).toEqual([]);
    expect(existsSync(join(root, 'bin/su'))).toBe(true);
    await expect(images.containerRoot(fingerprint, { idmapBase: null })).rejects.toMatchObject({ code: 'image.not-found' });
    // Added again meanwhile: the same bytes, so the same derived forms.
    await added(bytes);
    expect(await images.containerRoot(fingerprint, { idmapBase: null })).toBe(root);
    await images.delete(fingerprint);
    used.clear();
    await images.release(fingerprint);
    expect(await readdir(join(dir, 'images'))).toEqual([]);
  });

  it('removes what a killed agent left half built', async () => {
    const fingerprint = await added(await unifiedContainer());
    execFileSync('mkdir', ['-p', join(dir, 'images', fingerprint, '.building-x/rootfs')]);
    images = await open();
    expect((await readdir(join(dir, 'images', fingerprint))).sort()).toEqual(['meta.json', 'metadata']);
  });
});
