/**
 * Containers on their way to another server, and from one.
 *
 *   container.json   data-<x>/upper or rootfs        the container, or a snapshot sent in its place
 *   snapshots/<id>/  container.json   data-<x>/...   of each snapshot that goes along
 *
 * Where the other server has the image, the differences to it are sent; else everything, read from overlays that are
 * mounted for that. What arrives is kept in `arriving` and looked at there: records say nothing about this host, every
 * directory is one, and nothing is a device of this host.
 */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isId, WeftError, type InstanceSpec } from '@weft/contracts';
import type { DriverImages } from '../../images/image-store';
import { diskUsageBytes, removeTree } from '../../storage/container-copy';
import { mountLayers, unmountBelow } from '../../storage/container-overlay';
import { type ContainerData, newDataName, readRecord, readSnapshotData, writeRecord } from '../../storage/container-record';
import { contentOf, isDirectory, type ContainerStorage } from '../../storage/container-storage';
import { runProgram } from '../../storage/vm-program';
import { pack, unpack, type PackedPart } from '../archive';
import { requireDirectories, requireFiles, requireNoDevices, requireOnly, requireSnapshots } from '../arrived-files';
import type { Arrival, Handover, HandoverSelection } from '../handover';
import type { Archive } from '../mover';

const RECORD = 'container.json';
const LEAVING = 'leaving';
const ARRIVING = 'arriving';

/** A container's or snapshot's files, below the directory that is sent. */
interface Place {
  /** Relative, "" for the container's own. */
  at: string;
  dir: string;
  data: ContainerData;
}

export class ContainerHandover implements Handover {
  constructor(
    private readonly storage: ContainerStorage,
    private readonly images: Pick<DriverImages, 'containerRoot'>,
  ) {}

  async describe(instanceId: string, selection: HandoverSelection): Promise<{ image: string; bytes: number }> {
    const places = await this.placesOf(instanceId, selection);
    const bytes = await Promise.all(places.map(({ dir, data }) => diskUsageBytes(join(dir, data.data))));
    return { image: places.find(({ data }) => data.image !== '')?.data.image ?? '', bytes: bytes.reduce((sum, one) => sum + one, 0) };
  }

  async send(instanceId: string, selection: HandoverSelection, standsAlone: boolean): Promise<Archive> {
    const places = await this.placesOf(instanceId, selection);
    if (!standsAlone || places.every(({ data }) => data.storage === 'copy')) return pack(places.map(differences));
    const leaving = join(this.storage.dir(instanceId), LEAVING);
    await discard(leaving);
    try {
      const { stream, done } = pack(await Promise.all(places.map((place) => this.wholeOf(place, leaving))));
      return { stream, done: done.finally(() => discard(leaving)) };
    } catch (error) {
      await discard(leaving);
      throw error;
    }
  }

  recover = (instanceId: string): Promise<void> => removeTree(join(this.storage.dir(instanceId), ARRIVING));

  async receive(spec: InstanceSpec, archive: Readable, { image, snapshots, replaces = false }: Arrival): Promise<() => Promise<void>> {
    const dir = this.storage.dir(spec.id);
    const arriving = join(dir, ARRIVING);
    await removeTree(arriving);
    await fs.mkdir(arriving, { mode: 0o700 });
    await unpack(arriving, archive);
    await requireSnapshots(arriving, Object.keys(snapshots));
    const root = await arrived(arriving, image, ['snapshots']);
    const along = await Promise.all(
      Object.entries(snapshots).map(async ([from, to]) => ({ from, to, data: await arrived(join(arriving, 'snapshots', from), image) })),
    );
    return async () => {
      if (!replaces) await this.storage.discardUnfinished(spec.id);
      await fs.mkdir(join(dir, 'snapshots'), { recursive: true, mode: 0o711 });
      for (const { from, to, data } of along) await this.settle(join(arriving, 'snapshots', from), data, join(dir, 'snapshots', to));
      // The one that is replaced may have come under the same name.
      const data = { ...(await this.layered(root)), data: newDataName() };
      await fs.rename(join(arriving, root.data), join(dir, data.data));
      await runProgram('sync', ['-f', dir]);
      await this.storage.commit(spec.id, { ...data, epoch: 0, started: false, bootId: '', frozenForCopy: false });
      if (replaces) await this.keepOnly(spec.id, Object.values(snapshots));
      await removeTree(arriving);
    };
  }

  private async keepOnly(instanceId: string, snapshots: readonly string[]): Promise<void> {
    const present = await fs.readdir(join(this.storage.dir(instanceId), 'snapshots'));
    for (const id of present.filter((one) => isId(one) && !snapshots.includes(one))) await this.storage.deleteSnapshot(instanceId, id);
  }

  private async settle(from: string, data: ContainerData, to: string): Promise<void> {
    // A snapshot does not change: one that has come before is the same.
    if (await isDirectory(to)) return;
    await fs.chmod(from, 0o711);
    await writeRecord(from, await this.layered(data));
    await fs.rename(from, to);
  }

  /** Where this host has the image. */
  private async layered(data: ContainerData): Promise<ContainerData> {
    return { ...data, lower: data.storage === 'overlay' ? await this.images.containerRoot(data.image, { idmapBase: data.idmapBase }) : '' };
  }

  private async placesOf(instanceId: string, { root, snapshots }: HandoverSelection): Promise<Place[]> {
    const dir = this.storage.dir(instanceId);
    const of = async (at: string, place: string): Promise<Place> => {
      const data = place === dir ? await readRecord(place) : await readSnapshotData(place);
      if (!data) throw new WeftError(place === dir ? 'instance.not-found' : 'snapshot.not-found', 'The files to send are not on this host');
      return { at, dir: place, data };
    };
    return Promise.all([
      of('', root === '' ? dir : join(dir, 'snapshots', root)),
      ...snapshots.map((id) => of(join('snapshots', id), join(dir, 'snapshots', id))),
    ]);
  }

  /** The same place with all files: a record of its own beside a view of the layers. */
  private async wholeOf(place: Place, leaving: string): Promise<PackedPart> {
    const { at, dir, data } = place;
    if (data.storage === 'copy') return differences(place);
    const view = join(leaving, at);
    const target = join(view, data.data, 'rootfs');
    await fs.mkdir(target, { recursive: true });
    await writeRecord(view, { data: data.data, storage: 'copy', image: '', lower: '', idmapBase: data.idmapBase });
    // The image may be deleted meanwhile, its layer is not.
    const { lower } = (await isDirectory(data.lower)) ? data : await this.layered(data);
    await mountLayers([join(dir, data.data, 'upper'), lower], target);
    return { dir: leaving, names: [join(at, RECORD), join(at, data.data, 'rootfs')] };
  }
}

const differences = ({ at, dir, data }: Place): PackedPart => ({
  dir: at === '' ? dir : join(dir, '..', '..'),
  names: [join(at, RECORD), join(at, data.data, contentOf(data))],
});

/** What an unpacked record says, if its files are what it says. Makes what is not sent: overlayfs's working directory. */
async function arrived(place: string, image: string, others: readonly string[] = []): Promise<ContainerData> {
  await requireFiles(place, [RECORD]);
  const data = await readSnapshotData(place).catch(() => undefined);
  if (!data) throw new WeftError('image.invalid', 'The other server has sent a container without its record');
  if (data.storage === 'overlay' && (image === '' || data.image !== image))
    throw new WeftError('image.invalid', 'The other server has sent differences to an image that was not agreed on');
  const content = contentOf(data);
  await requireOnly(place, [RECORD, data.data, ...others]);
  await requireDirectories(place, [data.data, join(data.data, content)]);
  await requireOnly(join(place, data.data), [content]);
  if (data.idmapBase !== null) await requireNoDevices(join(place, data.data, content));
  await fs.chmod(join(place, data.data), 0o711);
  if (data.storage === 'overlay') await fs.mkdir(join(place, data.data, 'work'));
  return data.storage === 'overlay' ? data : { ...data, image: '', lower: '' };
}

async function discard(leaving: string): Promise<void> {
  await unmountBelow(leaving);
  await removeTree(leaving);
}
