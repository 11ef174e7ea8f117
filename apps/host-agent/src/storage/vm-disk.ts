/**
 * Root disks of virtual machines: a qcow2 file with the differences to the image's disk.
 *
 *   base.qcow2 <-(backing file)- disk.qcow2       in an instance's directory and in each snapshot's
 *
 * `base.qcow2` is a hard link to the image's disk, so every directory stands for itself: deleting the image, the
 * instance or another snapshot takes nothing from it. Everything is built under another name and renamed.
 */
import { link, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '@weft/contracts';
import { z } from 'zod';
import { diskFull, SAYS_DISK_FULL } from '../files/disk-full';
import { runProgram } from './vm-program';

export const DISK = 'disk.qcow2';
export const BASE = 'base.qcow2';
export const NVRAM = 'nvram.fd';

const infoSchema = z.object({
  'virtual-size': z.number(),
  'actual-size': z.number(),
  'backing-filename': z.string().optional(),
  'format-specific': z
    .object({ data: z.object({ 'data-file': z.string().optional() }).loose() })
    .loose()
    .optional(),
});

/** Size that the guest sees, and what it takes here, bytes. */
export async function diskInfo(path: string): Promise<{ sizeBytes: number; usedBytes: number; standsAlone: boolean }> {
  // -U: looks at a disk that a running guest has locked.
  const info = infoSchema.parse(JSON.parse(await qemuImg(['info', '-U', '--output=json', '-f', 'qcow2', path])));
  const standsAlone = info['backing-filename'] === undefined && info['format-specific']?.data['data-file'] === undefined;
  return { sizeBytes: info['virtual-size'], usedBytes: info['actual-size'], standsAlone };
}

/** Does the disk of somebody else, which nothing has opened yet, read no file but `base` beside it (or none at all)? */
export async function refersOnlyTo(path: string, base: string | undefined): Promise<boolean> {
  const info = infoSchema.parse(JSON.parse(await qemuImg(['info', '-U', '--output=json', '-f', 'qcow2', path])));
  const backing = info['backing-filename'];
  return info['format-specific']?.data['data-file'] === undefined && (backing === undefined || backing === base);
}

/**
 * A disk that begins as the image.
 * @param sizeBytes what the root device asks for; at least the image's size
 * @throws WeftError config.invalid (smaller than the image), image.invalid (an image that refers to other files), disk.full
 */
export async function createDiskFromImage(dir: string, image: string, wanted: { sizeBytes: number; explicit: boolean }): Promise<void> {
  const { sizeBytes, standsAlone } = await diskInfo(image);
  if (!standsAlone) throw new WeftError('image.invalid', 'The disk of this image refers to other files');
  if (wanted.explicit && wanted.sizeBytes < sizeBytes) {
    throw new WeftError(
      'config.invalid',
      `The root disk must not be smaller than the image: ${wanted.sizeBytes} bytes are asked for, the image has ${sizeBytes}`,
    );
  }
  const backing = await linkBase(image, join(dir, BASE));
  await build(join(dir, DISK), (path) =>
    qemuImg(['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', backing, path, String(Math.max(sizeBytes, wanted.sizeBytes))]),
  );
}

export async function createEmptyDisk(dir: string, sizeBytes: number): Promise<void> {
  await build(join(dir, DISK), (path) => qemuImg(['create', '-q', '-f', 'qcow2', path, String(sizeBytes)]));
}

/** Copies the disk of a VM or snapshot that nobody writes to, with its variables. */
export async function copyDisk(from: string, to: string): Promise<void> {
  await copyBase(from, to);
  await copyFile(join(from, NVRAM), join(to, NVRAM));
  await copyFile(join(from, DISK), join(to, DISK));
}

/** Beside `disk.qcow2` of `from`, an empty disk of the same size over the same base: the target of a live copy. */
export async function createTwin(from: string, to: string): Promise<void> {
  const { sizeBytes } = await diskInfo(join(from, DISK));
  await copyBase(from, to);
  const backing = await backingOf(join(from, DISK));
  const over = backing === undefined ? [] : ['-F', 'qcow2', '-b', backing];
  await qemuImg(['create', '-q', '-f', 'qcow2', ...over, join(to, DISK), String(sizeBytes)]);
}

/** An empty disk over the base that is there, if one is: the target of a guest that moves here. */
export async function createDiskForMove(dir: string, sizeBytes: number): Promise<void> {
  const hasBase = await stat(join(dir, BASE)).then(
    () => true,
    () => false,
  );
  const over = hasBase ? ['-F', 'qcow2', '-b', BASE] : [];
  await build(join(dir, DISK), (path) => qemuImg(['create', '-q', '-f', 'qcow2', ...over, path, String(sizeBytes)]));
}

/** Makes the disk larger; a smaller size is left alone, since a guest would lose its data. */
export async function growDisk(dir: string, sizeBytes: number): Promise<void> {
  const disk = join(dir, DISK);
  if ((await diskInfo(disk)).sizeBytes < sizeBytes) await qemuImg(['resize', '-q', '-f', 'qcow2', disk, String(sizeBytes)]);
}

/** As thin as it was, and sharing blocks where the file system can. */
export async function copyFile(from: string, to: string): Promise<void> {
  await build(to, (path) => command('cp', ['--reflink=auto', '--sparse=always', '--preserve=mode', '--', from, path]));
}

const backingOf = async (disk: string): Promise<string | undefined> =>
  infoSchema.parse(JSON.parse(await qemuImg(['info', '-U', '--output=json', '-f', 'qcow2', disk])))['backing-filename'];

async function copyBase(from: string, to: string): Promise<void> {
  await linkBase(join(from, BASE), join(to, BASE)).catch((error: NodeJS.ErrnoException) => {
    // An empty VM has no base.
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Links, and returns what the disk beside it calls its backing file. */
async function linkBase(image: string, base: string): Promise<string> {
  const beside = `${base}.new`;
  await rm(beside, { force: true });
  try {
    await link(image, beside);
    await rename(beside, base);
    // rename(2) leaves both names when they are one file already.
    await rm(beside, { force: true });
    return BASE;
  } catch (error) {
    // Images on another file system are referred to where they are.
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') return image;
    throw error;
  }
}

async function build(path: string, make: (beside: string) => Promise<unknown>): Promise<void> {
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  try {
    await make(beside);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

const qemuImg = (args: readonly string[]): Promise<string> => command('qemu-img', args);

async function command(file: string, args: readonly string[]): Promise<string> {
  try {
    return await runProgram(file, args);
  } catch (error) {
    if (SAYS_DISK_FULL.test((error as Error).message)) throw diskFull(error);
    throw error;
  }
}
