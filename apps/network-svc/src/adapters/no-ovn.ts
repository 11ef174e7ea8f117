import { WeftError } from '@weft/contracts';
import type { DataPlane } from '../clients/data-plane.client';

const refuse = (): never => {
  throw new WeftError(
    'network.unavailable',
    'Networks cannot be changed: this installation has no OVN (set WEFT_OVN_NB and WEFT_OVN_SB for the network service)',
  );
};

/** An installation without OVN: everything can be read, nothing changes. */
export const noOvn: DataPlane = {
  require: async () => refuse(),
  settle: async () => refuse(),
  begin: refuse,
  idle: async () => undefined,
  gatewayChassis: async () => undefined,
};
