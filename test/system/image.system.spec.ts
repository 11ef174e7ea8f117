import { execa } from 'execa';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPlatform, type Platform } from './platform';

interface ImageJson {
  fingerprint: string;
  type: string;
  size: number;
  properties: Record<string, string>;
  aliases: { name: string }[];
  public: boolean;
}

const METADATA = 'architecture: x86_64\ncreation_date: 1700000000\nproperties: {description: made by a test, os: test, release: "1"}\n';

describe('images under the stock client', () => {
  let weft: Platform;
  let scratch: string;
  beforeAll(async () => {
    weft = await startPlatform();
    scratch = mkdtempSync(join(tmpdir(), 'weft-images-'));
  }, 240_000);
  afterAll(async () => {
    rmSync(scratch, { recursive: true, force: true });
    await weft?.stop();
  }, 120_000);

  const sha256 = (...files: string[]) => files.reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256')).digest('hex');
  const images = () => weft.query<ImageJson[]>('/1.0/images?recursion=1');

  /** A unified tarball of METADATA and a root with `entries` (tar arguments made by `make`). */
  async function tarball(name: string, make: (root: string) => void | Promise<void>, tarOptions: string[] = []): Promise<string> {
    const work = mkdtempSync(join(scratch, 'make-'));
    mkdirSync(join(work, 'rootfs', 'etc'), { recursive: true });
    writeFileSync(join(work, 'metadata.yaml'), METADATA);
    writeFileSync(join(work, 'rootfs', 'etc', 'hostname'), name);
    await make(work);
    const file = join(scratch, `${name}.tar.gz`);
    await execa('tar', ['-C', work, '-czf', file, ...tarOptions, 'metadata.yaml', 'rootfs']);
    return file;
  }

  it('has the two that were built at the first start', async () => {
    const found = new Map((await images()).map((image) => [image.aliases[0]?.name, image]));
    expect(found.get('tiny')?.type).toBe('container');
    expect(found.get('tiny-vm')?.type).toBe('virtual-machine');
    expect(await weft.ok(['image', 'list', '-f', 'csv'])).toContain('tiny');
  });

  it('imports a unified tarball under the fingerprint that LXD computes', async () => {
    const file = await tarball('unified', () => undefined);
    await weft.ok(['image', 'import', file, '--alias', 'unified', 'colour=blue']);
    const image = await weft.query<ImageJson>(`/1.0/images/${sha256(file)}`);
    expect(image.properties).toMatchObject({ os: 'test', description: 'made by a test', colour: 'blue' });
    expect(image.aliases.map(({ name }) => name)).toEqual(['unified']);
  });

  it('imports a split image with a squashfs root, and gives it back byte for byte', async () => {
    const work = mkdtempSync(join(scratch, 'split-'));
    mkdirSync(join(work, 'root', 'etc'), { recursive: true });
    writeFileSync(join(work, 'root', 'etc', 'hostname'), 'split');
    writeFileSync(join(work, 'metadata.yaml'), METADATA);
    await execa('tar', ['-C', work, '-cJf', join(work, 'meta.tar.xz'), 'metadata.yaml']);
    await execa('mksquashfs', [join(work, 'root'), join(work, 'root.squashfs'), '-quiet', '-no-progress']);
    await weft.ok(['image', 'import', join(work, 'meta.tar.xz'), join(work, 'root.squashfs'), '--alias', 'split']);
    const fingerprint = sha256(join(work, 'meta.tar.xz'), join(work, 'root.squashfs'));
    expect((await weft.query<ImageJson>(`/1.0/images/${fingerprint}`)).type).toBe('container');
    const out = mkdtempSync(join(scratch, 'export-'));
    await weft.ok(['image', 'export', 'split', join(out, 'got')]);
    const files = readdirSync(out).map((name) => sha256(join(out, name)));
    expect(files.sort()).toEqual([sha256(join(work, 'meta.tar.xz')), sha256(join(work, 'root.squashfs'))].sort());
  });

  it('imports a split image with a qcow2 disk as a virtual machine', async () => {
    const work = mkdtempSync(join(scratch, 'vm-'));
    writeFileSync(join(work, 'metadata.yaml'), METADATA);
    await execa('tar', ['-C', work, '-cJf', join(work, 'meta.tar.xz'), 'metadata.yaml']);
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', join(work, 'disk.qcow2'), '8M']);
    await weft.ok(['image', 'import', join(work, 'meta.tar.xz'), join(work, 'disk.qcow2'), '--alias', 'vm-image']);
    expect((await weft.query<ImageJson>(`/1.0/images/${sha256(join(work, 'meta.tar.xz'), join(work, 'disk.qcow2'))}`)).type).toBe('virtual-machine');
    expect(
      await weft.refused([
        'query',
        '-X',
        'POST',
        '-d',
        JSON.stringify({ name: 'wrong-type', type: 'container', source: { type: 'image', alias: 'vm-image' } }),
        '--wait',
        '/1.0/instances',
      ]),
    ).toMatch(/virtual.machine|type/i);
  });

  it('exports a unified image byte for byte', async () => {
    const out = mkdtempSync(join(scratch, 'export-'));
    await weft.ok(['image', 'export', 'unified', join(out, 'got')]);
    expect(readdirSync(out).map((name) => sha256(join(out, name)))).toEqual([sha256(join(scratch, 'unified.tar.gz'))]);
  });

  it('creates, renames and deletes aliases', async () => {
    const { fingerprint } = (await images()).find((image) => image.aliases.some(({ name }) => name === 'unified'))!;
    await weft.ok(['image', 'alias', 'create', 'second', fingerprint.slice(0, 12)]);
    await weft.ok(['image', 'alias', 'rename', 'second', 'third']);
    expect(await weft.ok(['image', 'alias', 'list', '-f', 'csv'])).toContain('third');
    await weft.ok(['image', 'alias', 'delete', 'third']);
    expect(await weft.ok(['image', 'alias', 'list', '-f', 'csv'])).not.toContain('third');
  });

  it('sets and unsets properties', async () => {
    await weft.ok(['image', 'set-property', 'unified', 'shape', 'round']);
    expect((await weft.ok(['image', 'get-property', 'unified', 'shape'])).trim()).toBe('round');
    await weft.ok(['image', 'unset-property', 'unified', 'shape']);
    expect(await weft.ok(['image', 'show', 'unified'])).not.toContain('round');
  });

  it('refuses what it has already', async () => {
    expect(await weft.refused(['image', 'import', join(scratch, 'unified.tar.gz')])).toMatch(/same fingerprint/i);
  });

  describe('refuses, and keeps nothing of,', () => {
    const unchanged = async (import_: () => Promise<string>): Promise<string> => {
      const before = await weft.query<string[]>('/1.0/images');
      const message = await import_();
      expect(await weft.query<string[]>('/1.0/images')).toEqual(before);
      const uploads = readdirSync(join(weft.dir, 'members', 'host1', 'uploads'));
      expect(uploads).toEqual([]);
      return message;
    };

    it('bytes that are no image', async () => {
      writeFileSync(join(scratch, 'junk.tar.gz'), Buffer.alloc(100_000, 7));
      expect(await unchanged(() => weft.refused(['image', 'import', join(scratch, 'junk.tar.gz')]))).toMatch(/image|archive|tar/i);
    });

    it('a tarball that is cut off', async () => {
      const whole = await tarball('cut', (work) => writeFileSync(join(work, 'rootfs', 'big'), randomBytes(50_000)));
      writeFileSync(join(scratch, 'cut2.tar.gz'), readFileSync(whole).subarray(0, 2_000));
      await unchanged(() => weft.refused(['image', 'import', join(scratch, 'cut2.tar.gz')]));
    });

    it('a tarball without metadata', async () => {
      const work = mkdtempSync(join(scratch, 'bare-'));
      mkdirSync(join(work, 'rootfs'));
      await execa('tar', ['-C', work, '-czf', join(scratch, 'bare.tar.gz'), 'rootfs']);
      expect(await unchanged(() => weft.refused(['image', 'import', join(scratch, 'bare.tar.gz')]))).toMatch(/metadata/i);
    });

    it('a path that leads outside', async () => {
      const file = await tarball('escape', () => undefined, ['-P', '--transform', 's,^rootfs/etc/hostname,rootfs/../../../../../../tmp/weft-escaped,']);
      expect(await unchanged(() => weft.refused(['image', 'import', file]))).toMatch(/outside|path|escape/i);
    });

    it('a member written through a link that leads outside', async () => {
      const work = mkdtempSync(join(scratch, 'link-'));
      mkdirSync(join(work, 'rootfs'));
      writeFileSync(join(work, 'metadata.yaml'), METADATA);
      writeFileSync(join(work, 'escaped'), 'x');
      symlinkSync('/var/tmp', join(work, 'rootfs', 'door'));
      const tar = join(scratch, 'link.tar');
      await execa('tar', ['-C', work, '-cf', tar, 'metadata.yaml', 'rootfs']);
      await execa('tar', ['-C', work, '-rf', tar, '--transform', 's,^escaped,rootfs/door/weft-escaped,', 'escaped']);
      await unchanged(async () => {
        const result = await weft.lxc(['image', 'import', tar, '--alias', 'door']);
        if (result.exitCode === 0) {
          // LXD unpacks on first use; whenever it is, nothing may land outside.
          await weft.lxc(['init', 'door', 'door']);
          await weft.lxc(['delete', '-f', 'door']);
          await weft.ok(['image', 'delete', 'door']);
        }
        return result.stderr;
      });
      expect(readdirSync('/var/tmp')).not.toContain('weft-escaped');
    });
  });

  it('is deleted while instances of it live on', async () => {
    await weft.ok(['init', 'tiny', 'orphan']);
    await weft.ok(['image', 'export', 'tiny', join(scratch, 'tiny-again')]);
    await weft.ok(['image', 'delete', 'tiny']);
    await weft.ok(['start', 'orphan']);
    expect(await weft.ok(['exec', 'orphan', '--', 'echo', 'alive'])).toBe('alive\n');
    await weft.ok([
      'image',
      'import',
      readdirSync(scratch)
        .filter((name) => name.startsWith('tiny-again'))
        .map((name) => join(scratch, name))[0]!,
      '--alias',
      'tiny',
    ]);
    await weft.ok(['launch', 'tiny', 'newborn']);
    await weft.ok(['delete', '-f', 'orphan', 'newborn']);
  });
});
