import type { Northbound } from '@weft/ovn';

/** OVN as reconcilers need it. */
export interface Ovn {
  /** Undefined while the databases have not been reached yet; later outages are ridden out behind it. */
  northbound(): Pick<Northbound, 'apply' | 'write' | 'completed' | 'drift' | 'owners' | 'onTouched' | 'ready'> | undefined;
  /** Why changes cannot be made now; undefined when they can. */
  problem(): string | undefined;
  /** Names of the hosts that OVN knows: each may carry routers' outer ports. */
  chassis(): readonly string[];
  /** Calls back when OVN was reached (again), or a host has come or gone: everything needs a look. */
  onNews(listener: () => void): void;
  /** The host that has bound a logical port. @throws OvsdbError */
  chassisOf(logicalPort: string): Promise<string | undefined>;
}
