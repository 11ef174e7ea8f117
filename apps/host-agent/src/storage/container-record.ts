/**
 * What a host knows about a container beside its files: `container.json`, replaced as a whole and never edited, so
 * that a kill leaves the old or the new truth. Data directories that no record names are rubbish.
 *
 *   instances/<id>/container.json            this record; its first write is what makes the instance exist
 *                  data-<x>/                 the data it names: upper/ and work/ (overlay) or rootfs/ (copy)
 *                  rootfs/                   where the overlay is mounted
 *                  snapshots/<sid>/          record and data of a snapshot, renamed into place when whole
 */
import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { withReserve } from '../files/reserve';

const dataFields = {
  /** Name of the directory with the data. */
  data: z.string().regex(/^data-[0-9a-f]+$/),
  /** overlay: only the differences to the image; copy: everything. */
  storage: z.enum(['overlay', 'copy']),
  /** Fingerprint of the lower layer, "" for copies. */
  image: z.string(),
  /** Where that layer was when it was first used: it stays there when the image is deleted. */
  lower: z.string().default(''),
  /** Host id of the container's root that owns the data; null when it is the host's root (privileged). */
  idmapBase: z.number().int().nullable(),
};
const dataSchema = z.object(dataFields);
const recordSchema = z.object({
  ...dataFields,
  /** Epoch of the last start, 0 when never started. */
  epoch: z.number().int(),
  /** A run has begun and what it needed has not been taken down yet. */
  started: z.boolean(),
  /** The host's boot in which it was started. */
  bootId: z.string().default(''),
  /** How the last run ended on its own, once somebody has looked. */
  end: z.object({ status: z.enum(['stopped', 'crashed']), reason: z.string() }).optional(),
  /** We froze it for a copy; whoever finds this after a kill lets it go on. */
  frozenForCopy: z.boolean(),
});
/** A container's (or snapshot's) data on disk. */
export type ContainerData = z.infer<typeof dataSchema>;
export type ContainerRecord = z.infer<typeof recordSchema>;

const FILE = 'container.json';

export const newDataName = (): string => `data-${randomBytes(6).toString('hex')}`;

export const readRecord = async (dir: string, file = FILE): Promise<ContainerRecord | undefined> => {
  const text = await readIfPresent(join(dir, file));
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
};

export const readSnapshotData = async (dir: string): Promise<ContainerData | undefined> => {
  const text = await readIfPresent(join(dir, FILE));
  return text === undefined ? undefined : dataSchema.parse(JSON.parse(text));
};

/** That a container does not run is noted on a full disk too. */
export function writeRecord(dir: string, record: ContainerRecord | ContainerData): Promise<void> {
  const write = () => replaceRecord(dir, record);
  return 'started' in record && !record.started ? withReserve(write) : write();
}

/** Is it a record that a killed agent did not finish writing? One of this process may be on its way right now. */
export const isUnfinishedRecord = (name: string): boolean => {
  const writer = /^container\.json\.(\d+)\.[0-9a-f]+\.new$/.exec(name)?.[1];
  return writer !== undefined && writer !== String(process.pid);
};

/** Each write has a file of its own: a look at the container may note its end while a task writes. */
async function replaceRecord(dir: string, record: ContainerRecord | ContainerData): Promise<void> {
  const file = join(dir, `${FILE}.${process.pid}.${randomBytes(4).toString('hex')}.new`);
  const handle = await fs.open(file, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(record));
    await handle.sync();
  } catch (error) {
    await fs.rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await fs.rename(file, join(dir, FILE));
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
