import type { CreateDriver } from './driver-deps';
import { createSimDriver } from './sim';

/** Every driver of this build, by the name that WEFT_DRIVERS uses: a new driver is one line here. */
export const driverCreators: Readonly<Record<string, CreateDriver>> = {
  sim: createSimDriver,
};
