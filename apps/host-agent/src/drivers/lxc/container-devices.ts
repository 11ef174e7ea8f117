import { promises as fs } from 'node:fs';
import { isAbsolute, normalize } from 'node:path';
import { WeftError } from '@weft/contracts';
import type { MountEntry } from '@weft/lxc';
import { foreignLink } from '../../files/foreign-link';
import { isTrue } from '../config-flag';

type Device = Readonly<Record<string, string>>;

/**
 * Host paths that the instance asks for, as mounts. The root disk and `none` need nothing, network devices no mount.
 * @throws WeftError device.invalid when a source is missing (unless `required=false`) or a kind is not supported
 */
export async function diskMounts(devices: Readonly<Record<string, Device>>): Promise<MountEntry[]> {
  const mounts: MountEntry[] = [];
  for (const [name, device] of Object.entries(devices)) {
    const mount = await deviceMount(name, device);
    if (mount) mounts.push(mount);
  }
  // A mount below another one has to come after it.
  return mounts.sort((a, b) => a.target.length - b.target.length);
}

async function deviceMount(name: string, device: Device): Promise<MountEntry | undefined> {
  if (device['type'] === 'none' || device['type'] === 'nic' || (device['type'] === 'disk' && device['path'] === '/')) return undefined;
  if (device['type'] !== 'disk') throw invalid(name, `type "${device['type'] ?? ''}" is not supported for containers on this host`);
  const { source = '', path = '' } = device;
  // A source is a host path only without a pool: this is not the place to take a volume's name for one.
  if (device['pool']) throw invalid(name, 'volumes of a storage pool cannot be attached to containers yet');
  if (!isAbsolute(source)) throw invalid(name, 'source must be an absolute path on the host');
  if (!isAbsolute(path) || normalize(path) === '/') throw invalid(name, 'path must be an absolute path in the container');
  if (isTrue(device['shift'])) throw invalid(name, 'shift is not supported');
  const stat = await fs.stat(source).catch(() => undefined);
  const isOptional = (device['required'] !== undefined && !isTrue(device['required'])) || isTrue(device['optional']);
  if (!stat && isOptional) return undefined;
  if (!stat) throw invalid(name, `the source "${source}" does not exist on this host`);
  const link = await foreignLink(source);
  if (link !== undefined) throw invalid(name, `the source leads through "${link}", a symbolic link that a guest may have made`);
  return {
    source,
    target: normalize(path),
    fsType: 'none',
    options: [isTrue(device['recursive']) ? 'rbind' : 'bind', ...(isTrue(device['readonly']) ? ['ro'] : []), `create=${stat.isDirectory() ? 'dir' : 'file'}`],
  };
}

const invalid = (name: string, reason: string): WeftError => new WeftError('device.invalid', `Device "${name}": ${reason}`);
