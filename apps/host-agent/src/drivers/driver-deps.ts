import type { Logger } from '@weft/platform';
import type { CoreSchedulingSupport } from '../core-scheduling/core-scheduling';
import type { DriverImages } from '../images/image-store';
import type { HostNetwork } from '../network/host-network';
import type { Driver } from './driver';

/** What every driver gets; each `src/drivers/<name>/index.ts` exports `create<Name>Driver(deps): Driver | Driver[]`. */
export interface DriverDeps {
  /** $WEFT_DIR/members/<member>, absolute. The driver's instances live in `<dir>/instances/<id>/`. */
  dir: string;
  images: DriverImages;
  logger: Logger;
  /** Guests' network devices; unset where the host has no switch for them. */
  network?: HostNetwork;
  /** Path of the network namespace that guests run in; unset: the agent's own. */
  netns?: string;
  /** Whether guests can be kept off each other's processor cores here; unset: not asked, not done. */
  coreScheduling?: CoreSchedulingSupport;
  /** Milliseconds since the epoch; tests replace it. */
  clock?: () => number;
}

export type CreateDriver = (deps: DriverDeps) => Driver | readonly Driver[];
