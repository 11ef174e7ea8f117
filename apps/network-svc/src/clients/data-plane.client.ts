/** What commands need of OVN: that it is there, and that what they changed is in it. */

/** Ids of what a command has changed. */
export interface Changed {
  /** Their own rows, and those of everything on them. */
  networks?: readonly string[];
  ports?: readonly string[];
  acls?: readonly string[];
  forwards?: readonly string[];
  pairings?: readonly string[];
}

export interface DataPlane {
  /** Nothing is written when it rejects. @throws WeftError `network.unavailable` when this installation has no OVN, or it cannot be reached now */
  require(): Promise<void>;
  /**
   * Brings the rows of these (and of nobody else) in line with the tables; what is gone loses its rows. Resolves when the hosts
   * concerned have the flows, if they are up; `written`: when OVN's northbound database has it, for what nobody waits for.
   * @throws WeftError `network.unavailable` when northd does not do its part in time: it is made up for later
   */
  settle(changed: Changed, until?: 'written' | 'in effect'): Promise<void>;
  /** The same without waiting, for what somebody else waits for to its end: a host for the flows of ports that it plugs in. What fails is made up for. */
  begin(changed: Changed): void;
  /** Resolves when nothing that was begun is under way. */
  idle(): Promise<void>;
  /** The member whose chassis carries the gateway of a network's router; undefined when none does. */
  gatewayChassis(networkNumber: number): Promise<string | undefined>;
}
