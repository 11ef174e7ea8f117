import type { ProfileFacts } from './resource-facts';
import type { Devices, StringMap } from './instance.state';

/** Profiles in order, then the instance's own: the last one wins. A device is replaced as a whole. */
export function expand(
  profiles: readonly Pick<ProfileFacts, 'config' | 'devices'>[],
  local: { config: StringMap; devices: Devices },
): { config: StringMap; devices: Devices } {
  return {
    config: Object.assign({}, ...profiles.map((profile) => profile.config), local.config) as StringMap,
    devices: Object.assign({}, ...profiles.map((profile) => profile.devices), local.devices) as Devices,
  };
}
