import type { CreateDriver } from './driver-deps';
import { createLxcDriver } from './lxc';
import { createQemuDriver } from './qemu';
import { createSimDriver } from './sim';

/** Every driver of this build, by the name that WEFT_DRIVERS uses: a new driver is one line here. */
export const driverCreators: Readonly<Record<string, CreateDriver>> = {
  lxc: createLxcDriver,
  qemu: createQemuDriver,
  sim: createSimDriver,
};
