export interface BackOffOptions {
  /** Default 50. */
  readonly firstMs?: number;
  /** Default 4000. */
  readonly maxMs?: number;
}

/**
 * Which server comes next, and after how long. Within a round every server is tried at once, since in a cluster one of the others
 * leads; after a round in vain it waits, twice as long each time, between a half and the whole of it so that clients spread.
 */
export class BackOff {
  private next = 0;
  private failures = 0;

  constructor(
    private readonly servers: number,
    private readonly options: BackOffOptions = {},
    private readonly random: () => number = Math.random,
  ) {}

  /** Position of the server to try. */
  get server(): number {
    return this.next;
  }

  /** The connection was good and is lost: the same server is asked first. @returns the wait before that, milliseconds */
  lost(): number {
    this.failures = 0;
    return this.spread(this.options.firstMs ?? 50);
  }

  /** No usable connection came to be. @returns the wait before the next attempt, milliseconds */
  failed(): number {
    this.next = (this.next + 1) % this.servers;
    this.failures++;
    if (this.failures % this.servers !== 0) return 0;
    const { firstMs = 50, maxMs = 4_000 } = this.options;
    return this.spread(Math.min(maxMs, firstMs * 2 ** (this.failures / this.servers - 1)));
  }

  private spread(waitMs: number): number {
    return waitMs * (0.5 + this.random() / 2);
  }
}
