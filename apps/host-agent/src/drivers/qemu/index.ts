import type { Driver } from '../driver';
import type { DriverDeps } from '../driver-deps';
import { QemuDriver } from './qemu.driver';

export const createQemuDriver = (deps: DriverDeps): Driver => new QemuDriver(deps);
