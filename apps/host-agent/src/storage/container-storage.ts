/**
 * Roots of containers on this host: made from images, instances and snapshots, mounted, copied, switched.
 * Everything is built beside and becomes valid by one rename (a record or a directory), so a kill leaves the old
 * state, or nothing, and rubbish that the next call removes.
 */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { type RootSource, WeftError } from '@weft/contracts';
import type { DriverImages } from '../images/image-store';
import { copyTree, removeTree, shiftOwners } from './container-copy';
import { mountOverlay, probeOverlay, unmountBelow } from './container-overlay';
import { type ContainerData, type ContainerRecord, isUnfinishedRecord, newDataName, readRecord, readSnapshotData, writeRecord } from './container-record';

type ImageRoots = Pick<DriverImages, 'containerRoot'>;

export class ContainerStorage {
  /** Tried at the first use. */
  private overlayWorks: Promise<boolean> | undefined;

  /** @param instances directory that holds one directory for each instance */
  constructor(
    private readonly instances: string,
    private readonly images: ImageRoots,
  ) {}

  dir = (instanceId: string): string => join(this.instances, instanceId);

  /** A new root beside whatever is there, not named by any record yet. `idmapBase` applies when it is made of an image. */
  async build(instanceId: string, source: RootSource, idmapBase: number | null): Promise<ContainerData> {
    const dir = this.dir(instanceId);
    await fs.mkdir(dir, { recursive: true, mode: 0o700 });
    const data = newDataName();
    try {
      return await this.fill(join(dir, data), data, source, idmapBase);
    } catch (error) {
      await removeTree(join(dir, data));
      throw error;
    }
  }

  private async fill(place: string, data: string, source: RootSource, idmapBase: number | null): Promise<ContainerData> {
    if (source.kind === 'none') return this.buildEmpty(place, data, idmapBase);
    if (source.kind === 'image') return this.buildFromImage(place, data, source.fingerprint, idmapBase);
    const [from, described] = await this.locate(source);
    await copyData(from, described, place);
    return { ...described, data };
  }

  /** Mounts (overlay) and returns the directory that is the container's root. Safe to repeat. */
  async mount(instanceId: string, record: ContainerRecord): Promise<string> {
    const dir = this.dir(instanceId);
    await this.admit(dir, record.idmapBase);
    if (record.storage === 'copy') return join(dir, record.data, 'rootfs');
    const lower = (await isDirectory(record.lower)) ? record.lower : await this.images.containerRoot(record.image, { idmapBase: record.idmapBase });
    const target = join(dir, 'rootfs');
    await fs.mkdir(target, { recursive: true });
    await mountOverlay({ lower, upper: join(dir, record.data, 'upper'), work: join(dir, record.data, 'work'), target });
    return target;
  }

  unmount = (instanceId: string): Promise<void> => unmountBelow(join(this.dir(instanceId), 'rootfs'));

  /** Makes the data belong to `idmapBase`. Done on a copy, since it cannot be half done. */
  async shift(instanceId: string, record: ContainerRecord, idmapBase: number | null): Promise<ContainerRecord> {
    if (record.idmapBase === idmapBase) return record;
    const dir = this.dir(instanceId);
    const data = newDataName();
    const moved = await this.layersFor(instanceId, record, join(dir, data), idmapBase);
    await shiftOwners(join(dir, data, contentOf(moved)), (idmapBase ?? 0) - (record.idmapBase ?? 0));
    const shifted = { ...record, ...moved, data, idmapBase };
    await this.commit(instanceId, shifted);
    return shifted;
  }

  /** A copy over the same image as other ids see it; over none (everything copied) when the image is gone. */
  private async layersFor(
    instanceId: string,
    record: ContainerRecord,
    place: string,
    idmapBase: number | null,
  ): Promise<Pick<ContainerData, 'storage' | 'image' | 'lower'>> {
    if (record.storage === 'copy') {
      await copyData(join(this.dir(instanceId), record.data), record, place);
      return { storage: 'copy', image: '', lower: '' };
    }
    try {
      const lower = await this.images.containerRoot(record.image, { idmapBase });
      await copyData(join(this.dir(instanceId), record.data), record, place);
      return { storage: 'overlay', image: record.image, lower };
    } catch (error) {
      if (!(error instanceof WeftError) || error.code !== 'image.not-found') throw error;
      await fs.mkdir(place, { mode: 0o711 });
      await copyTree(await this.mount(instanceId, record), join(place, 'rootfs'));
      await this.unmount(instanceId);
      return { storage: 'copy', image: '', lower: '' };
    }
  }

  /** Makes `record` the truth and removes data that it does not name. */
  async commit(instanceId: string, record: ContainerRecord): Promise<void> {
    const dir = this.dir(instanceId);
    await writeRecord(dir, record);
    for (const name of await fs.readdir(dir)) {
      const isRubbish = (name.startsWith('data-') && name !== record.data) || isUnfinishedRecord(name);
      if (isRubbish) await removeTree(join(dir, name));
    }
  }

  async createSnapshot(instanceId: string, record: ContainerData, snapshotId: string): Promise<void> {
    const target = this.snapshotDir(instanceId, snapshotId);
    if (await readSnapshotData(target)) return;
    const partial = join(this.dir(instanceId), 'snapshots', `.${snapshotId}.partial`);
    await removeTree(partial);
    await removeTree(target);
    const { data, storage, image, lower, idmapBase } = record;
    try {
      await fs.mkdir(partial, { recursive: true, mode: 0o711 });
      await copyData(join(this.dir(instanceId), data), record, join(partial, data));
      await writeRecord(partial, { data, storage, image, lower, idmapBase });
      await fs.rename(partial, target);
    } catch (error) {
      await removeTree(partial);
      throw error;
    }
  }

  /** Copies snapshots of another instance: id there -> id here. */
  async copySnapshots(fromInstanceId: string, instanceId: string, ids: Readonly<Record<string, string>>): Promise<void> {
    for (const [from, to] of Object.entries(ids)) {
      const source = this.snapshotDir(fromInstanceId, from);
      const data = await readSnapshotData(source);
      if (!data) throw new WeftError('snapshot.not-found', 'The snapshot to copy is not on this host');
      const target = this.snapshotDir(instanceId, to);
      if (await readSnapshotData(target)) continue;
      const partial = join(this.dir(instanceId), 'snapshots', `.${to}.partial`);
      await removeTree(partial);
      await removeTree(target);
      await fs.mkdir(join(this.dir(instanceId), 'snapshots'), { recursive: true, mode: 0o711 });
      await copyTree(source, partial);
      await fs.rename(partial, target);
    }
  }

  async deleteSnapshot(instanceId: string, snapshotId: string): Promise<void> {
    await removeTree(join(this.dir(instanceId), 'snapshots', `.${snapshotId}.partial`));
    await removeTree(this.snapshotDir(instanceId, snapshotId));
  }

  /** Removes what a killed create left; files of others in the directory stay. */
  async discardUnfinished(instanceId: string): Promise<void> {
    const dir = this.dir(instanceId);
    const names = await fs.readdir(dir).catch((): string[] => []);
    if (names.includes('rootfs')) await this.unmount(instanceId);
    for (const name of names) {
      if (name.startsWith('data-') || name === 'snapshots') await removeTree(join(dir, name));
    }
  }

  async delete(instanceId: string): Promise<void> {
    await unmountBelow(this.dir(instanceId));
    await removeTree(this.dir(instanceId));
  }

  /**
   * The container's root has to get through to its own files (by its group, so that it owns nothing here); other
   * users of the host must not: what a guest marks set-id would be theirs to run.
   */
  private async admit(dir: string, idmapBase: number | null): Promise<void> {
    await fs.chmod(this.instances, 0o711);
    await fs.chown(dir, 0, idmapBase ?? 0);
    await fs.chmod(dir, idmapBase === null ? 0o700 : 0o710);
  }

  private snapshotDir = (instanceId: string, snapshotId: string): string => join(this.dir(instanceId), 'snapshots', snapshotId);

  private async locate(source: Extract<RootSource, { kind: 'instance' | 'snapshot' }>): Promise<[string, ContainerData]> {
    const dir = source.kind === 'instance' ? this.dir(source.instanceId) : this.snapshotDir(source.instanceId, source.snapshotId);
    const data = source.kind === 'instance' ? await readRecord(dir) : await readSnapshotData(dir);
    if (data) {
      const { storage, image, lower, idmapBase } = data;
      return [join(dir, data.data), { data: data.data, storage, image, lower, idmapBase }];
    }
    if (source.kind === 'instance') throw new WeftError('instance.not-found', 'The instance to copy is not on this host');
    throw new WeftError('snapshot.not-found', 'The snapshot is not on this host');
  }

  private async buildEmpty(place: string, data: string, idmapBase: number | null): Promise<ContainerData> {
    await fs.mkdir(join(place, 'rootfs'), { recursive: true });
    await fs.chown(join(place, 'rootfs'), idmapBase ?? 0, idmapBase ?? 0);
    return { data, storage: 'copy', image: '', lower: '', idmapBase };
  }

  private async buildFromImage(place: string, data: string, fingerprint: string, idmapBase: number | null): Promise<ContainerData> {
    const lower = await this.images.containerRoot(fingerprint, { idmapBase });
    this.overlayWorks ??= probeOverlay(this.instances);
    this.overlayWorks.catch(() => (this.overlayWorks = undefined));
    await fs.mkdir(place, { mode: 0o711 });
    if (!(await this.overlayWorks)) {
      await copyTree(lower, join(place, 'rootfs'));
      return { data, storage: 'copy', image: '', lower: '', idmapBase };
    }
    // The merged root directory shows the upper one's owner and mode.
    const stat = await fs.stat(lower);
    await fs.mkdir(join(place, 'upper'));
    await fs.chown(join(place, 'upper'), stat.uid, stat.gid);
    await fs.chmod(join(place, 'upper'), stat.mode & 0o7777);
    await fs.mkdir(join(place, 'work'));
    return { data, storage: 'overlay', image: fingerprint, lower, idmapBase };
  }
}

export const isDirectory = (path: string): Promise<boolean> =>
  path === ''
    ? Promise.resolve(false)
    : fs.stat(path).then(
        (stat) => stat.isDirectory(),
        () => false,
      );

/** The directory below a data directory that has the files. */
export const contentOf = (data: Pick<ContainerData, 'storage'>): string => (data.storage === 'overlay' ? 'upper' : 'rootfs');

async function copyData(from: string, data: Pick<ContainerData, 'storage'>, to: string): Promise<void> {
  await fs.mkdir(to, { mode: 0o711 });
  await copyTree(join(from, contentOf(data)), join(to, contentOf(data)));
  if (data.storage === 'overlay') await fs.mkdir(join(to, 'work'));
}
