/**
 * Reads staged files and says what image they are.
 *
 *   metadata (unified): metadata.yaml + rootfs/      container
 *                       metadata.yaml + rootfs.img   virtual machine (qcow2)
 *   metadata + rootfs:  metadata.yaml, and squashfs or a tarball (container) or qcow2 (virtual machine)
 */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WeftError, type InstanceType } from '@weft/contracts';
import { archivePath, EntryGuard } from './archive-entry';
import { readFormat } from './image-format';
import type { ImageLimits } from './image-limits';
import { MAX_METADATA_YAML_BYTES, parseImageMetadata, type ImageMetadata } from './image-metadata';
import { checkQcow2 } from './qcow2';
import { checkSquashfs } from './squashfs';
import { scanTar, type TarHeader } from './tar-scan';

export interface InspectedImage extends ImageMetadata {
  type: InstanceType;
}

/** The files of an image in a directory: `metadata`, and for split images `rootfs`. May add `disk.qcow2`. */
export async function inspectImage(dir: string, split: boolean, limits: ImageLimits): Promise<InspectedImage> {
  const contents = await readMetadataArchive(dir, split, limits);
  const metadata = parseImageMetadata(contents.yaml);
  const type = split ? await inspectRootfs(join(dir, 'rootfs'), limits) : contents.type;
  if (!type) throw new WeftError('image.invalid', 'The image has neither rootfs/ nor rootfs.img');
  if (contents.hasDisk) await checkQcow2(join(dir, 'disk.qcow2'), limits.unpackedBytes);
  return { ...metadata, type };
}

interface Contents {
  yaml: string;
  type?: InstanceType;
  hasDisk: boolean;
}

async function readMetadataArchive(dir: string, split: boolean, limits: ImageLimits): Promise<Contents> {
  const file = join(dir, 'metadata');
  const format = await readFormat(file);
  if (format.kind !== 'tar') throw new WeftError('image.invalid', split ? 'The metadata file is not a tarball' : 'The image is not a tarball');
  // The same rules as for unpacking: what could not be unpacked later is refused now.
  const guard = new EntryGuard('', limits);
  const contents: Contents = { yaml: '', hasDisk: false };
  await scanTar(file, format.compression, async (header, content) => {
    guard.examine({ name: header.name, type: header.type, linkname: header.linkname, size: header.size ?? 0, sparse: isSparse(header) });
    const path = archivePath(header.name);
    if (path === 'metadata.yaml' && header.type === 'file') contents.yaml = await readBounded(content, header);
    else if (!split && path === 'rootfs.img' && header.type === 'file') {
      contents.hasDisk = true;
      contents.type ??= 'virtual-machine';
      await pipeline(content, createWriteStream(join(dir, 'disk.qcow2'), { flags: 'wx', mode: 0o600 }));
    } else if (!split && (path === 'rootfs' || path.startsWith('rootfs/'))) contents.type = 'container';
  });
  if (!contents.yaml) throw new WeftError('image.invalid', 'The image has no metadata.yaml');
  if (contents.hasDisk && contents.type === 'container') {
    await rm(join(dir, 'disk.qcow2'), { force: true });
    throw new WeftError('image.invalid', 'The image has both rootfs/ and rootfs.img');
  }
  return contents;
}

const isSparse = (header: TarHeader): boolean => Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse'));

async function readBounded(content: Readable, header: TarHeader): Promise<string> {
  if ((header.size ?? 0) > MAX_METADATA_YAML_BYTES) throw new WeftError('image.invalid', "The image's metadata.yaml is too large");
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function inspectRootfs(path: string, limits: ImageLimits): Promise<InstanceType> {
  const format = await readFormat(path);
  switch (format.kind) {
    case 'squashfs':
      await checkSquashfs(path, limits);
      return 'container';
    case 'qcow2':
      await checkQcow2(path, limits.unpackedBytes);
      return 'virtual-machine';
    case 'tar': {
      const guard = new EntryGuard('', limits);
      await scanTar(path, format.compression, (header) => {
        guard.examine({ name: header.name, type: header.type, linkname: header.linkname, size: header.size ?? 0, sparse: isSparse(header) });
      });
      return 'container';
    }
    case 'unknown':
      throw new WeftError('image.invalid', 'The root file system is neither squashfs nor a tarball nor a qcow2 disk');
  }
}
