import type { Logger } from '@weft/platform';
import type { DriverImages } from '../images/image-store';
import type { Driver } from './driver';

/** What every driver gets; each `src/drivers/<name>/index.ts` exports `create<Name>Driver(deps): Driver | Driver[]`. */
export interface DriverDeps {
  /** $WEFT_DIR/members/<member>, absolute. The driver's instances live in `<dir>/instances/<id>/`. */
  dir: string;
  images: DriverImages;
  logger: Logger;
  /** Milliseconds since the epoch; tests replace it. */
  clock?: () => number;
}

export type CreateDriver = (deps: DriverDeps) => Driver | readonly Driver[];
