/** Configuration keys of projects: what LXD 5.0 knows, typed. */
import { WeftError } from '@weft/contracts';
import { anything, boolean, byteSize, oneOf, unsigned, type ValueCheck } from './config-values';

const allowBlock = oneOf('allow', 'block');
const allowManagedBlock = oneOf('allow', 'managed', 'block');

const PROJECT_KEYS: Readonly<Record<string, ValueCheck>> = {
  'backups.compression_algorithm': anything,
  'features.images': boolean,
  'features.networks': boolean,
  'features.networks.zones': boolean,
  'features.profiles': boolean,
  'features.storage.volumes': boolean,
  'images.auto_update_cached': boolean,
  'images.auto_update_interval': unsigned,
  'images.compression_algorithm': anything,
  'images.default_architecture': anything,
  'images.remote_cache_expiry': unsigned,
  'limits.containers': unsigned,
  'limits.cpu': unsigned,
  'limits.disk': byteSize,
  'limits.instances': unsigned,
  'limits.memory': byteSize,
  'limits.networks': unsigned,
  'limits.processes': unsigned,
  'limits.virtual-machines': unsigned,
  restricted: boolean,
  'restricted.backups': allowBlock,
  'restricted.cluster.groups': anything,
  'restricted.cluster.target': allowBlock,
  'restricted.containers.interception': oneOf('allow', 'block', 'full'),
  'restricted.containers.lowlevel': allowBlock,
  'restricted.containers.nesting': allowBlock,
  'restricted.containers.privilege': oneOf('allow', 'unprivileged', 'isolated'),
  'restricted.devices.disk': allowManagedBlock,
  'restricted.devices.disk.paths': anything,
  'restricted.devices.gpu': allowBlock,
  'restricted.devices.infiniband': allowBlock,
  'restricted.devices.nic': allowManagedBlock,
  'restricted.devices.pci': allowBlock,
  'restricted.devices.proxy': allowBlock,
  'restricted.devices.unix-block': allowBlock,
  'restricted.devices.unix-char': allowBlock,
  'restricted.devices.unix-hotplug': allowBlock,
  'restricted.devices.usb': allowBlock,
  'restricted.idmap.gid': anything,
  'restricted.idmap.uid': anything,
  'restricted.networks.access': anything,
  'restricted.networks.subnets': anything,
  'restricted.networks.uplinks': anything,
  'restricted.networks.zones': anything,
  'restricted.snapshots': allowBlock,
  'restricted.virtual-machines.lowlevel': allowBlock,
};

/** Refuses unknown keys and badly typed values (`config.invalid`); empty values mean "not set" and are dropped. */
export function checkProjectConfig(config: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(config).filter(([, value]) => value !== '');
  for (const [key, value] of kept) {
    const check = key.startsWith('user.') ? anything : Object.hasOwn(PROJECT_KEYS, key) ? PROJECT_KEYS[key] : undefined;
    if (!check) throw new WeftError('config.invalid', `Invalid project configuration key "${key}"`);
    const problem = check(value);
    if (problem) throw new WeftError('config.invalid', `Invalid project configuration key "${key}" value: ${problem}`);
  }
  return Object.fromEntries(kept);
}
