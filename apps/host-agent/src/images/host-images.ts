/**
 * The image store of this host: staged uploads, originals, and what is derived from them.
 *
 *   receive --> uploads/<uploadId>/ --commit (rename)--> images/<fingerprint>/ --delete--> gone
 *                   | not sound                              | in use by instances: only the originals go,
 *                   +--> gone                                +  the derived forms stay until the last user is deleted
 */
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isId, stagedImage, WeftError, type StagedImage } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { z } from 'zod';
import { readJson, syncDirectory, writeDurably } from '../files/durable-file';
import { DerivedImages, removeHalfBuilt, removeTree, type DerivedSource } from './derived-images';
import { inspectImage } from './image-inspection';
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits';
import type { DriverImages } from './image-store';

const FINGERPRINT = /^[0-9a-f]{64}$/;
const STALE_UPLOAD_MS = 24 * 3600 * 1000;
const ORIGINALS = ['metadata', 'rootfs', 'meta.json', 'metadata.d'];

export const imageMeta = stagedImage.extend({ split: z.boolean(), metadataName: z.string(), rootfsName: z.string() });
export type ImageMeta = z.infer<typeof imageMeta>;

export interface HostImagesDeps {
  dir: string;
  logger: Logger;
  limits?: ImageLimits;
  /** Fingerprints of the images that instances of this host were made from. */
  inUse(): Promise<ReadonlySet<string>>;
}

export class HostImages implements DriverImages {
  readonly limits: ImageLimits;
  private readonly derived: DerivedImages;

  private constructor(private readonly deps: HostImagesDeps) {
    this.limits = deps.limits ?? DEFAULT_IMAGE_LIMITS;
    this.derived = new DerivedImages(this.limits);
  }

  /** Opens the store and removes what a killed agent left half done. */
  static async open(deps: HostImagesDeps): Promise<HostImages> {
    const store = new HostImages(deps);
    await mkdir(join(deps.dir, 'images'), { recursive: true, mode: 0o700 });
    // Extracted images hold set-id programs of root: no user of the host may reach them (guests do by their mounts).
    await chmod(join(deps.dir, 'images'), 0o700);
    await mkdir(join(deps.dir, 'uploads'), { recursive: true, mode: 0o700 });
    for (const fingerprint of await readdir(join(deps.dir, 'images'))) await removeHalfBuilt(join(deps.dir, 'images', fingerprint));
    await store.removeUnused();
    return store;
  }

  /** Fingerprints of the images that are here. */
  async list(): Promise<string[]> {
    const names = await readdir(join(this.deps.dir, 'images'));
    const present = await Promise.all(
      names.map((name) =>
        stat(join(this.deps.dir, 'images', name, 'meta.json')).then(
          () => name,
          () => undefined,
        ),
      ),
    );
    return present.filter((name) => name !== undefined);
  }

  async meta(fingerprint: string): Promise<ImageMeta> {
    const meta = await readJson(join(this.imageDir(fingerprint), 'meta.json'), imageMeta);
    if (!meta) throw new WeftError('image.not-found', `Image ${fingerprint.slice(0, 12)} is not on this host`);
    return meta;
  }

  filePath(fingerprint: string, part: 'metadata' | 'rootfs'): string {
    return join(this.imageDir(fingerprint), part);
  }

  /** A new, empty directory for an upload; a repeated upload begins anew. */
  async beginUpload(uploadId: string): Promise<string> {
    const dir = this.uploadDir(uploadId);
    await removeTree(dir);
    await mkdir(dir, { mode: 0o700 });
    return dir;
  }

  async abandonUpload(uploadId: string): Promise<void> {
    await removeTree(this.uploadDir(uploadId));
  }

  /** Reads what was uploaded; when it is no sound image, nothing of it stays. */
  async finishUpload(uploadId: string, received: Pick<ImageMeta, 'split' | 'metadataName' | 'rootfsName' | 'fingerprint' | 'sizeBytes'>): Promise<StagedImage> {
    const dir = this.uploadDir(uploadId);
    try {
      const inspected = await inspectImage(dir, received.split, this.limits);
      const meta: ImageMeta = { uploadId, ...received, ...inspected };
      await writeDurably(join(dir, 'meta.json'), JSON.stringify(meta));
      return stagedImage.parse(meta);
    } catch (error) {
      await removeTree(dir);
      throw error;
    }
  }

  /** Makes a finished upload a member of the store. A repeat finds it there. */
  async commit(uploadId: string, fingerprint: string): Promise<void> {
    const from = this.uploadDir(uploadId);
    const to = this.imageDir(fingerprint);
    const staged = await readJson(join(from, 'meta.json'), imageMeta);
    if (await this.has(fingerprint)) return removeTree(from);
    if (!staged) throw new WeftError('image.not-found', 'The upload is not on this host any more: upload the image again');
    if (staged.fingerprint !== fingerprint) throw new WeftError('image.invalid', `The upload has the fingerprint ${staged.fingerprint}`);
    await syncDirectory(from);
    if (await isDirectory(to)) await this.moveInto(from, to);
    else await rename(from, to);
    await syncDirectory(join(this.deps.dir, 'images'));
  }

  /** The image was deleted while instances used it, and comes back: its derived forms are still right. */
  private async moveInto(from: string, to: string): Promise<void> {
    for (const name of ['metadata', 'rootfs', 'disk.qcow2', 'meta.json']) {
      await rename(join(from, name), join(to, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    await removeTree(from);
  }

  async delete(fingerprint: string): Promise<void> {
    const dir = this.imageDir(fingerprint);
    // meta.json first: from here on the image is not here any more.
    await rm(join(dir, 'meta.json'), { force: true });
    if ((await this.deps.inUse()).has(fingerprint)) for (const name of ORIGINALS) await removeTree(join(dir, name));
    else await removeTree(dir);
  }

  /** An instance of this image was deleted: was it the last one that a deleted image was kept for? */
  async release(fingerprint: string): Promise<void> {
    if (!FINGERPRINT.test(fingerprint) || (await this.has(fingerprint))) return;
    if (!(await this.deps.inUse()).has(fingerprint)) await removeTree(this.imageDir(fingerprint));
  }

  /** Removes uploads that nobody finished, and deleted images whose last instance is gone. */
  async removeUnused(now = Date.now()): Promise<void> {
    const { dir, inUse } = this.deps;
    for (const name of await readdir(join(dir, 'uploads'))) {
      const age = now - (await stat(join(dir, 'uploads', name))).mtimeMs;
      if (age > STALE_UPLOAD_MS) await removeTree(join(dir, 'uploads', name));
    }
    const used = await inUse();
    for (const name of await readdir(join(dir, 'images'))) {
      if (FINGERPRINT.test(name) && !used.has(name) && !(await this.has(name))) await removeTree(join(dir, 'images', name));
    }
  }

  async containerRoot(fingerprint: string, options: { idmapBase: number | null }): Promise<string> {
    return this.derived.containerRoot(await this.source(fingerprint), options.idmapBase);
  }

  async vmDisk(fingerprint: string): Promise<string> {
    return this.derived.vmDisk(await this.source(fingerprint));
  }

  async metadataDir(fingerprint: string): Promise<string> {
    return this.derived.metadataDir(await this.source(fingerprint));
  }

  private async source(fingerprint: string): Promise<DerivedSource> {
    const { type, split } = await this.meta(fingerprint);
    return { dir: this.imageDir(fingerprint), type, split };
  }

  private async has(fingerprint: string): Promise<boolean> {
    return (await readJson(join(this.imageDir(fingerprint), 'meta.json'), imageMeta)) !== undefined;
  }

  private imageDir(fingerprint: string): string {
    if (!FINGERPRINT.test(fingerprint)) throw new WeftError('image.not-found', 'An image fingerprint is 64 hexadecimal digits');
    return join(this.deps.dir, 'images', fingerprint);
  }

  private uploadDir(uploadId: string): string {
    if (!isId(uploadId)) throw new WeftError('request.invalid', 'An upload id is a UUID');
    return join(this.deps.dir, 'uploads', uploadId);
  }
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
