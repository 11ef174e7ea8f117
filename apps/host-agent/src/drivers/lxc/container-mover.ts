/**
 * Containers on their way to another host: the differences to their image, in one archive, or in two while the first
 * was read from a running one. The image is there already.
 */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { WeftError, type InstanceSpec, type MoveFacts, type TransferPass } from '@weft/contracts';
import type { DriverImages } from '../../images/image-store';
import { diskUsageBytes } from '../../storage/container-copy';
import { type ContainerData, readRecord, readSnapshotData, writeRecord } from '../../storage/container-record';
import type { ContainerStorage } from '../../storage/container-storage';
import { runProgram } from '../../storage/vm-program';
import { lookFurtherBack, pack, unpack } from '../archive';
import type { Archive, Mover } from '../mover';

const RECORD = 'container.json';
const NOTES = 'move.snar';
/** The other host's record, until all is here: it says that the container runs, which it does there. */
const COMING = 'coming.json';

export class ContainerMover implements Mover {
  constructor(
    private readonly storage: ContainerStorage,
    private readonly images: Pick<DriverImages, 'containerRoot'>,
  ) {}

  async facts(spec: InstanceSpec): Promise<MoveFacts> {
    const dir = this.storage.dir(spec.id);
    const { data } = await requireRecord(dir);
    return { diskBytes: 0, usedBytes: await diskUsageBytes(join(dir, data)), memoryBytes: 0, blockers: [] };
  }

  async send(instanceId: string, pass: TransferPass): Promise<Archive> {
    const dir = this.storage.dir(instanceId);
    const record = await requireRecord(dir);
    const content = join(record.data, record.storage === 'overlay' ? 'upper' : 'rootfs');
    const names = [...((await isThere(join(dir, 'snapshots'))) ? ['snapshots'] : []), content, RECORD];
    if (pass === 'whole') return pack([{ dir, names }]);
    const notes = join(dir, NOTES);
    if (pass === 'first') {
      await fs.rm(notes, { force: true });
      return pack([{ dir, names }], { notes, inUse: true });
    }
    // Level 1 takes what is newer than level 0: the record always is.
    await lookFurtherBack(notes);
    await fs.utimes(join(dir, RECORD), new Date(), new Date());
    return pack([{ dir, names }], { notes });
  }

  async receive(spec: InstanceSpec, pass: TransferPass, archive: Readable): Promise<void> {
    const dir = this.storage.dir(spec.id);
    if (pass !== 'rest') await this.storage.discardUnfinished(spec.id);
    await unpack(dir, archive, { removals: pass === 'rest', renamed: [RECORD, COMING] });
    const record = await readRecord(dir, COMING);
    if (!record) throw new WeftError('task.failed', `The files of the instance came without ${RECORD}`);
    await fs.rm(join(dir, COMING));
    // What is not whole has no record.
    if (pass === 'first') return;
    for (const id of await fs.readdir(join(dir, 'snapshots')).catch(() => [])) await this.settleSnapshot(join(dir, 'snapshots', id));
    if (record.storage === 'overlay') await fs.mkdir(join(dir, record.data, 'work'), { recursive: true });
    await runProgram('sync', ['-f', dir]);
    await this.storage.commit(spec.id, { ...record, ...(await this.layerHere(record)), started: false, bootId: '', end: undefined, frozenForCopy: false });
  }

  private async settleSnapshot(place: string): Promise<void> {
    const data = await readSnapshotData(place);
    if (!data) return;
    if (data.storage === 'overlay') await fs.mkdir(join(place, data.data, 'work'), { recursive: true });
    await writeRecord(place, { ...data, ...(await this.layerHere(data)) });
  }

  /** Where this host has the image. */
  private async layerHere({ storage, image, idmapBase }: ContainerData): Promise<{ lower: string }> {
    return { lower: storage === 'overlay' ? await this.images.containerRoot(image, { idmapBase }) : '' };
  }
}

async function requireRecord(dir: string) {
  const record = await readRecord(dir);
  if (!record) throw new WeftError('instance.not-found', 'The container is not on this host');
  return record;
}

const isThere = (path: string): Promise<boolean> =>
  fs.stat(path).then(
    () => true,
    () => false,
  );
