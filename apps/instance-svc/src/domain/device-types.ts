/** Devices that an instance or profile may have. */
import { WeftError } from '@weft/contracts';
import { boolean, byteSize, anything, type ValueCheck } from './config-values';
import type { Devices, StringMap } from './instance.state';
import { parseNic } from './nic-device';

const priority: ValueCheck = (value) => (/^\d{1,6}$/.test(value) ? undefined : `Invalid value for an integer "${value}"`);
const absolutePath: ValueCheck = (value) =>
  value.startsWith('/') && !value.split('/').includes('..') ? undefined : `Invalid path "${value}": it must be absolute and without ".."`;

const DISK_OPTIONS: Readonly<Record<string, ValueCheck>> = {
  'boot.priority': priority,
  'limits.max': anything,
  'limits.read': anything,
  'limits.write': anything,
  path: absolutePath,
  pool: anything,
  propagation: anything,
  'raw.mount.options': anything,
  readonly: boolean,
  recursive: boolean,
  required: boolean,
  shift: boolean,
  size: byteSize,
  'size.state': byteSize,
  source: anything,
};

const KNOWN_TYPES = ['unix-char', 'unix-block', 'unix-hotplug', 'usb', 'gpu', 'infiniband', 'proxy', 'tpm', 'pci'];

/** Checks local devices of an instance or profile and drops empty options. Throws `device.invalid`. */
export function parseDevices(devices: Readonly<Devices>): Devices {
  return Object.fromEntries(Object.entries(devices).map(([name, device]) => [name, parseDevice(name, device)]));
}

function parseDevice(name: string, device: StringMap): StringMap {
  const fail = (message: string): never => {
    throw new WeftError('device.invalid', `Device validation failed for "${name}": ${message}`);
  };
  if (!/^[^/\s\p{Cc}]{1,64}$/u.test(name) || name === '.' || name === '..')
    fail('Name must be 1-64 characters long without slashes, blanks or control characters');
  const { type = '', ...options } = Object.fromEntries(Object.entries(device).filter(([, value]) => value !== ''));
  switch (type) {
    case 'none':
      return { type, ...options };
    case 'disk':
      return { ...parseDisk(options, fail), type };
    case 'nic':
      return { ...parseNic(options, fail), type };
    case '':
      return fail('Missing device type');
    default:
      return fail(KNOWN_TYPES.includes(type) ? `Unsupported device type "${type}" for now: use disk, nic or none` : `Unsupported device type "${type}"`);
  }
}

function parseDisk(options: StringMap, fail: (message: string) => never): StringMap {
  for (const [option, value] of Object.entries(options)) {
    const check = Object.hasOwn(DISK_OPTIONS, option) ? DISK_OPTIONS[option] : undefined;
    if (!check) return fail(`Invalid device option "${option}"`);
    const problem = check(value);
    if (problem) return fail(`Invalid value for device option "${option}": ${problem}`);
  }
  if (!options.path) return fail('Disk entry is missing the required "path" property');
  if (options.path === '/' && options.source) return fail('Root disk entry may not have a "source" property set');
  if (options.path === '/' && !options.pool) return fail('Root disk entry must have a "pool" property set');
  if (options.path !== '/' && !options.source) return fail('Disk entry is missing the required "source" property');
  // Or the pool would pass a directory of the host off as a volume.
  if (options.pool && options.source?.startsWith('/')) return fail('Storage volumes cannot be specified as absolute paths');
  return options;
}

/** Names and options of the root disks among devices. */
export const rootDisks = (devices: Readonly<Devices>): [name: string, disk: StringMap][] =>
  Object.entries(devices).filter(([, device]) => device.type === 'disk' && device.path === '/');

/** Checks what an instance ends up with, profiles included: exactly one root disk. Returns its name and options. */
export function rootDisk(expanded: Readonly<Devices>): { name: string; disk: StringMap } {
  const roots = rootDisks(expanded);
  if (roots.length > 1) throw new WeftError('device.invalid', 'More than one root disk is set: keep one disk device with the path "/"');
  const [root] = roots;
  if (!root) throw new WeftError('device.invalid', 'No root device could be found: add a disk device with the path "/" to the instance or one of its profiles');
  return { name: root[0], disk: root[1] };
}
