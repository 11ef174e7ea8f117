import { copyFile as copySmallFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WeftError, type InstanceSpec, type RootSource } from '@weft/contracts';
import type { DriverImages } from '../../images/image-store';
import { createDiskFromImage, createEmptyDisk, growDisk } from '../../storage/vm-disk';
import { copyDisk } from '../../storage/vm-disk';
import { copyVmDisk, copyVmSnapshots, requireSnapshot, type LiveCopy } from '../../storage/vm-snapshots';
import type { Progress } from '../driver';
import { findFirmware } from './firmware';
import { DEFAULT_DISK_BYTES, isTrue, rootSizeBytes } from './vm-limits';
import { type VmPaths, vmPaths } from './vm-paths';
import { newRecord, readRecord, writeRecord, type VmRecord } from './vm-record';

export interface CreateContext {
  images: Pick<DriverImages, 'vmDisk'>;
  pathsOf(instanceId: string): VmPaths;
  /** How to copy the disk of that instance while it runs; unset when it does not. */
  liveCopy(instanceId: string): Promise<LiveCopy | undefined>;
}

/** Makes a stopped VM. A create that was cut off is begun anew; one that finished is left alone. */
export async function createVm(
  context: CreateContext,
  spec: InstanceSpec,
  source: RootSource,
  snapshots: Record<string, string>,
  progress: Progress,
): Promise<void> {
  const paths = context.pathsOf(spec.id);
  const before = await readRecord(paths);
  if (before && before.phase !== 'creating') return;
  await rm(paths.dir, { recursive: true, force: true });
  await mkdir(paths.dir, { recursive: true, mode: 0o711 });
  await mkdir(paths.logDir, { mode: 0o700 });
  await mkdir(paths.snapshots, { mode: 0o700 });
  await writeRecord(paths, newRecord());
  progress('create_instance', 'Creating the root disk');
  const nvramTemplate = await fillDisk(context, spec, source, paths);
  if (source.kind === 'instance' || source.kind === 'snapshot') await copyVmSnapshots(context.pathsOf(source.instanceId).dir, paths.dir, snapshots);
  await writeRecord(paths, { ...newRecord(), phase: 'stopped', nvramTemplate });
}

/** Root disk and UEFI variables; returns the template that the variables came from. */
async function fillDisk(context: CreateContext, spec: InstanceSpec, source: RootSource, paths: VmPaths): Promise<string> {
  const explicit = rootSizeBytes(spec.devices);
  const wanted = { sizeBytes: explicit ?? DEFAULT_DISK_BYTES, explicit: explicit !== undefined };
  if (source.kind === 'none' || source.kind === 'image') {
    if (source.kind === 'none') await createEmptyDisk(paths.dir, wanted.sizeBytes);
    else await createDiskFromImage(paths.dir, await context.images.vmDisk(source.fingerprint), wanted);
    return resetVariables(paths, spec);
  }
  const from = context.pathsOf(source.instanceId);
  const record = await requireVm(from, source.instanceId);
  if (source.kind === 'snapshot') await copyDisk(await requireSnapshot(from.dir, source.snapshotId), paths.dir);
  else await copyVmDisk(from.dir, paths.dir, await context.liveCopy(source.instanceId));
  if (explicit !== undefined) await growDisk(paths.dir, explicit);
  return record.nvramTemplate;
}

/** A fresh copy of the UEFI variables that suit `security.secureboot`. */
export async function resetVariables(paths: VmPaths, spec: InstanceSpec): Promise<string> {
  const { variables } = findFirmware(isTrue(spec.config['security.secureboot']));
  const beside = `${paths.nvram}.new`;
  await copySmallFile(variables, beside);
  await rename(beside, paths.nvram);
  return variables;
}

/** @throws WeftError instance.not-found */
export async function requireVm(paths: VmPaths, instanceId: string): Promise<VmRecord> {
  const record = await readRecord(paths);
  if (!record || record.phase === 'creating') throw new WeftError('instance.not-found', `Virtual machine ${instanceId} is not on this host`);
  return record;
}

/** Removes the directory; under another name first, so that a kill in the middle leaves no half an instance. */
export async function deleteVmFiles(paths: VmPaths, instanceId: string): Promise<void> {
  const doomed = join(dirname(paths.dir), `.${instanceId}.deleting`);
  await rm(doomed, { recursive: true, force: true });
  await rename(paths.dir, doomed).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rm(doomed, { recursive: true, force: true });
}

export { vmPaths };
