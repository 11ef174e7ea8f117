/** A physical network, and the interface of a host that leads to it. */
export interface HostUplink {
  name: string;
  parent: string;
}

/** What this service asks of hosts. */
export interface HostClient {
  /**
   * Gives a host the whole list of its uplinks. False: it does not answer, or has no networks at all; it hears of them when it is back.
   * @throws WeftError `device.invalid` when it lacks an interface; then it keeps what it had
   */
  configureUplinks(member: string, uplinks: readonly HostUplink[]): Promise<boolean>;
  /** Called for each start of an agent, with the member's name. */
  onStart(listener: (member: string) => void): void;
}
