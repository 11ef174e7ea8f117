/** What commands need of OVN: that it is there, and that a network's rows are what they should be. */
export interface DataPlane {
  /** @throws WeftError `network.unavailable` when this installation has no OVN, or it cannot be reached now */
  require(): void;
  /**
   * Brings the rows of these networks (and of nobody else) in line with the tables. Resolves when northd has done its
   * part. Networks that are gone lose their rows.
   * @throws WeftError `network.unavailable` when that does not happen in time: it is made up for later
   */
  settle(networkIds: readonly string[]): Promise<void>;
  /** The member whose chassis carries the gateway of a network's router; undefined when none does. */
  gatewayChassis(networkNumber: number): Promise<string | undefined>;
}
