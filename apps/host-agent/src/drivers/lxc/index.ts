import type { CreateDriver } from '../driver-deps';
import { LxcDriver } from './lxc.driver';

export { LxcDriver, type LxcDriverOptions } from './lxc.driver';

export const createLxcDriver: CreateDriver = ({ dir, images, network, coreScheduling, logger }) =>
  new LxcDriver({ dir, images, logger, ...(network ? { network } : {}), ...(coreScheduling ? { coreScheduling } : {}) });
