import { WeftError } from '@weft/contracts';
import type { HostNetwork } from './host-network';
import type { Nic } from './nic';

/** @throws WeftError device.invalid when the host has no switch for them */
export function requireNetwork(network: HostNetwork | undefined, nics: readonly Nic[]): void {
  const [first] = nics;
  if (first && !network)
    throw new WeftError('device.invalid', `Device "${first.device}": this host has no Open vSwitch (the agent's WEFT_OVS_DB names its database)`);
}
