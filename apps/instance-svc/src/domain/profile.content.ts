import type { Devices } from '@weft/contracts';
import { sortedMap, sortedMaps } from './etag';

export interface ProfileContent {
  config: Record<string, string>;
  devices: Devices;
}

/** Configuration and devices of a profile serve both instance types. Empty values mean "not set" and are dropped. */
export function checkProfileContent(config: Readonly<Record<string, string>>, devices: Devices): ProfileContent {
  const kept = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ''));
  return { config: sortedMap(kept), devices: sortedMaps(devices) };
}
