import { stat } from 'node:fs/promises';
import { WeftError, type InstanceSpec } from '@weft/contracts';
import { foreignLink } from '../../files/foreign-link';
import { isTrue } from './vm-limits';
import { MOST_EXTRA_DISKS, type ExtraDisk } from './machine.command';

/** Disk devices beside the root: files and block devices of the host. @throws WeftError device.invalid */
export async function extraDisks(spec: InstanceSpec): Promise<ExtraDisk[]> {
  const devices = Object.entries(spec.devices)
    .filter(([, device]) => device.type === 'disk' && device.path !== '/')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (devices.length > MOST_EXTRA_DISKS) throw new WeftError('device.invalid', `A virtual machine has at most ${MOST_EXTRA_DISKS} disks beside its root`);
  const disks = await Promise.all(devices.map(([name, device]) => extraDisk(name, device)));
  return disks.filter((disk) => disk !== undefined);
}

async function extraDisk(name: string, device: Record<string, string>): Promise<ExtraDisk | undefined> {
  const source = device.source ?? '';
  if (device.pool) throw new WeftError('device.invalid', `Disk "${name}": volumes of a storage pool cannot be attached to virtual machines yet`);
  if (!source.startsWith('/'))
    throw new WeftError('device.invalid', `Disk "${name}": the source of a virtual machine's disk is the absolute path of a file or block device`);
  const found = await stat(source).catch(() => undefined);
  if (!found) {
    if (device.required !== undefined && !isTrue(device.required)) return undefined;
    throw new WeftError('device.invalid', `Disk "${name}": there is no ${source} on this host`);
  }
  const link = await foreignLink(source);
  if (link !== undefined)
    throw new WeftError('device.invalid', `Disk "${name}": its source leads through "${link}", a symbolic link that a guest may have made`);
  if (found.isDirectory())
    throw new WeftError('device.invalid', `Disk "${name}": directories cannot be shared with virtual machines; use a file or a block device`);
  if (!found.isFile() && !found.isBlockDevice()) throw new WeftError('device.invalid', `Disk "${name}": ${source} is neither a file nor a block device`);
  // By name, never by content: a guest could write a qcow2 header that points at a file of the host into a raw disk.
  const format = found.isFile() && source.endsWith('.qcow2') ? 'qcow2' : 'raw';
  return { name, source, format, host: found.isBlockDevice(), readonly: isTrue(device.readonly) };
}
