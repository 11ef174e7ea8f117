import type { InlineProjection } from '@weft/event-store';
import { aclProjection } from './acl.projection';
import { forwardProjection } from './forward.projection';
import { networkProjection, numberProjection } from './network.projection';
import { peerGroupProjection, peerProjection } from './peer.projection';
import { portProjection } from './port.projection';
import { uplinkAddressProjection } from './uplink-address.projection';

export const projections: readonly InlineProjection[] = [
  networkProjection,
  numberProjection,
  uplinkAddressProjection,
  aclProjection,
  forwardProjection,
  peerProjection,
  peerGroupProjection,
  portProjection,
];
