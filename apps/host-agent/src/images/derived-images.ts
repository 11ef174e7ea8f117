/** Forms of an image that drivers use, made at first use: built beside, renamed into place, shared from then on. */
import { randomUUID } from 'node:crypto';
import { chmod, chown, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError, type InstanceType } from '@weft/contracts';
import { readFormat } from './image-format';
import type { ImageLimits } from './image-limits';
import { isSquashfsScratch, scanSquashfs } from './squashfs';
import { extractTar } from './tar-extract';
import { scanTar, type TarVisitor } from './tar-scan';

const BUILDING = '.building-';

export interface DerivedSource {
  dir: string;
  type: InstanceType;
  split: boolean;
}

export class DerivedImages {
  /** Builds under way, by path: two instances that start from one new image wait for the same one. */
  private readonly building = new Map<string, Promise<string>>();

  constructor(private readonly limits: ImageLimits) {}

  async containerRoot(image: DerivedSource, idmapBase: number | null): Promise<string> {
    if (image.type !== 'container') throw new WeftError('image.wrong-type', 'The image is for virtual machines');
    const target = join(image.dir, idmapBase === null ? 'rootfs.priv' : `rootfs.${idmapBase}`);
    return this.once(target, async (beside) => {
      await mkdir(beside, { mode: 0o755 });
      if (idmapBase !== null) await chown(beside, idmapBase, idmapBase);
      await extractTar((visit) => this.scanRoot(image, visit), beside, { prefix: image.split ? '' : 'rootfs', idmapBase, limits: this.limits });
    });
  }

  async vmDisk(image: DerivedSource): Promise<string> {
    if (image.type !== 'virtual-machine') throw new WeftError('image.wrong-type', 'The image is for containers');
    // Unified images got theirs when they were read; of a split one, the file itself is the disk.
    return this.once(join(image.dir, 'disk.qcow2'), (beside) => link(join(image.dir, 'rootfs'), beside));
  }

  /** metadata.yaml and templates/ of the image. */
  async metadataDir(image: DerivedSource): Promise<string> {
    return this.once(join(image.dir, 'metadata.d'), async (beside) => {
      await mkdir(beside, { mode: 0o700 });
      const scan = (visit: TarVisitor) => this.scanMetadata(image, visit);
      await extractTar(scan, beside, { prefix: '', idmapBase: null, limits: this.limits });
    });
  }

  private async scanRoot(image: DerivedSource, visit: TarVisitor): Promise<void> {
    const file = join(image.dir, image.split ? 'rootfs' : 'metadata');
    const format = await readFormat(file);
    if (format.kind === 'squashfs') return scanSquashfs(file, image.dir, visit);
    if (format.kind === 'tar') return scanTar(file, format.compression, visit);
    throw new WeftError('image.invalid', 'The root file system of the image cannot be read');
  }

  private async scanMetadata(image: DerivedSource, visit: TarVisitor): Promise<void> {
    const file = join(image.dir, 'metadata');
    const format = await readFormat(file);
    if (format.kind !== 'tar') throw new WeftError('image.invalid', 'The metadata of the image cannot be read');
    await scanTar(file, format.compression, (header, content) => {
      const isRoot = /^(\.\/)?rootfs(\.img$|\/|$)/.test(header.name);
      return isRoot ? undefined : visit(header, content);
    });
  }

  private once(target: string, build: (beside: string) => Promise<void>): Promise<string> {
    const present = this.building.get(target);
    if (present) return present;
    const made = makeOnce(target, build).finally(() => this.building.delete(target));
    this.building.set(target, made);
    return made;
  }
}

async function makeOnce(target: string, build: (beside: string) => Promise<void>): Promise<string> {
  if (await exists(target)) return target;
  const beside = join(target, '..', `${BUILDING}${randomUUID()}`);
  try {
    await build(beside);
    await rename(beside, target);
  } catch (error) {
    await removeTree(beside);
    throw error;
  }
  return target;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Removes a tree even where it holds directories that nobody may write to. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(async () => {
    await chmod(path, 0o700).catch(() => undefined);
    await rm(path, { recursive: true, force: true });
  });
}

/** Removes what a killed agent was building. */
export async function removeHalfBuilt(imageDir: string): Promise<void> {
  for (const name of await readdir(imageDir)) if (name.startsWith(BUILDING) || isSquashfsScratch(name)) await removeTree(join(imageDir, name));
}
