export interface DnsLimits {
  /** Connections at a time, of all clients. */
  readonly tcpConnections: number;
  readonly tcpConnectionsPerAddress: number;
  /** A connection on which nothing is asked and nothing is sent is closed. */
  readonly tcpIdleMs: number;
  /** A request that has begun must be whole after this time. */
  readonly tcpRequestMs: number;
  /** Answers that wait for a client must be taken within this time, or the connection is cut. */
  readonly tcpDrainMs: number;
  /** UDP answers to one source network (/24, /56) in a second, of each kind; 0 for no limit. */
  readonly responsesPerSecond: number;
  /** Every n-th answer above the limit says "come by TCP"; the others are dropped. 0 drops all. */
  readonly slip: number;
  /** Source networks that are counted at a time. */
  readonly trackedNetworks: number;
  /** Octets of finished answers that are kept for each zone. */
  readonly answerCacheBytes: number;
  /** Octets of a zone as it is transferred, kept for each zone that was; what is beyond is made anew each time. */
  readonly transferCacheBytes: number;
}

export const DEFAULT_LIMITS: DnsLimits = {
  tcpConnections: 256,
  tcpConnectionsPerAddress: 64,
  tcpIdleMs: 10_000,
  tcpRequestMs: 5_000,
  tcpDrainMs: 20_000,
  responsesPerSecond: 1_000,
  slip: 2,
  trackedNetworks: 10_000,
  answerCacheBytes: 8 * 1024 * 1024,
  transferCacheBytes: 32 * 1024 * 1024,
};
