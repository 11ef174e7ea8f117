import type { ZoneContent } from '../zone/zone-content';
import type { ZoneSource } from '../zone-source';
import { DEFAULT_LIMITS, type DnsLimits } from './dns-limits';
import type { ReportDns } from './dns-report';
import { RequestHandler } from './request-handler';
import { newCounters, type ServerCounters } from './server-counters';
import { TcpListener } from './tcp-listener';
import { UdpListener } from './udp-listener';

export interface DnsServerOptions {
  readonly source: ZoneSource;
  /** Each gets UDP and TCP. `0.0.0.0` is IPv4 only and `::` IPv6 only. */
  readonly listen: readonly { readonly address: string; readonly port: number }[];
  readonly report: ReportDns;
  readonly limits?: Partial<DnsLimits>;
  /** Unix time; for signatures. */
  readonly nowSeconds?: () => number;
}

export interface DnsServer {
  /** Where it listens, in the order of `listen`; with the port that was found for port 0. */
  readonly listening: readonly { readonly address: string; readonly port: number }[];
  readonly counters: Readonly<ServerCounters>;
  /**
   * Makes the messages of whole transfers of this content ahead, other work going on between: for zones whose secondaries
   * are about to ask. Resolves when they are made, or another content of the zone is prepared.
   */
  prepare(content: ZoneContent): Promise<void>;
  close(): Promise<void>;
}

const ATTEMPTS_FOR_ONE_PORT = 20;

/** One port for both: port 0 finds one for TCP, which may be taken for UDP. */
const listenOnBoth = async (place: { address: string; port: number }, parts: Parts): Promise<{ tcp: TcpListener; udp: UdpListener }> => {
  for (let attempt = 1; ; attempt++) {
    const tcp = await TcpListener.listen(place, parts);
    try {
      return { tcp, udp: await UdpListener.listen({ address: place.address, port: tcp.port }, parts) };
    } catch (error) {
      await tcp.close();
      if (place.port !== 0 || attempt === ATTEMPTS_FOR_ONE_PORT) throw error;
    }
  }
};

interface Parts {
  handler: RequestHandler;
  limits: DnsLimits;
  counters: ServerCounters;
  report: ReportDns;
}

/** @throws Error of the operating system when an address cannot be listened on; nothing stays open then. */
export const startDnsServer = async (options: DnsServerOptions): Promise<DnsServer> => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const counters = newCounters();
  const nowSeconds = options.nowSeconds ?? ((): number => Math.floor(Date.now() / 1000));
  const handler = new RequestHandler(options.source, options.report, limits, nowSeconds);
  const parts: Parts = { handler, limits, counters, report: options.report };
  const open: { address: string; tcp: TcpListener; udp: UdpListener }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.flatMap(({ tcp, udp }) => [tcp.close(), udp.close()]));
  };
  try {
    for (const place of options.listen) open.push({ address: place.address, ...(await listenOnBoth(place, parts)) });
  } catch (error) {
    await close();
    throw error;
  }
  return { listening: open.map(({ address, tcp }) => ({ address, port: tcp.port })), counters, prepare: (content) => handler.prepare(content), close };
};
