export interface ProjectClient {
  /**
   * Waits (bounded) until this service's table of projects has everything that the instance service had committed when
   * this was called: a network may be created right behind its project.
   */
  upToDate(): Promise<void>;
}
