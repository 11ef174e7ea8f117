import { WeftError, type Devices } from '@weft/contracts';
import { parseConfig } from './config-keys';
import { parseDevices } from './device-types';
import { sortedMap, sortedMaps } from './etag';

export interface ProfileContent {
  config: Record<string, string>;
  devices: Devices;
}

/** Families of keys that describe one instance and make no sense shared. */
const INSTANCE_ONLY = ['volatile.', 'image.'];

/** Configuration and devices of a profile serve both instance types. Empty values mean "not set" and are dropped. */
export function checkProfileContent(config: Readonly<Record<string, string>>, devices: Devices): ProfileContent {
  const misplaced = Object.keys(config).find((key) => INSTANCE_ONLY.some((prefix) => key.startsWith(prefix)));
  if (misplaced) throw new WeftError('config.invalid', `Configuration key "${misplaced}" can only be set on an instance, not in a profile`);
  return { config: sortedMap(parseConfig(config, undefined)), devices: sortedMaps(parseDevices(devices)) };
}
