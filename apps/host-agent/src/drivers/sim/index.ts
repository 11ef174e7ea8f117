import type { DriverDeps } from '../driver-deps';
import { SimDriver } from './sim.driver';

/** One simulated driver for each type of instance. */
export const createSimDriver = (deps: DriverDeps): readonly SimDriver[] => [new SimDriver('container', deps), new SimDriver('virtual-machine', deps)];
