/**
 * Where zones are served: `core.dns_address`, or the address given at the start while that is not set. Followed while the
 * service runs; an address that cannot be had is tried again, and said in the log once.
 *
 *   nowhere --wanted address--> listening --another one--> listening there
 *      ^----- taken or not there: tried again at the next look
 */
import { parseListenAddress, type ListenAddress } from '@weft/contracts';
import { Notifier, startDnsServer, type DnsServer, type Name, nameKey, type NotifyReport, type ReportDns, type ZoneSource } from '@weft/dns';
import { lookedUp, type Logger } from '@weft/platform';

const DNS_PORT = 53;

/** `udpRequests` -> `udp_requests` */
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

interface Serving {
  address: string;
  server: DnsServer;
  notifier: Notifier;
}

export class DnsListener {
  private serving: Serving | undefined;
  private refused: string | undefined;

  constructor(
    private readonly source: ZoneSource,
    private readonly report: ReportDns,
    private readonly reportNotify: (report: NotifyReport) => void,
    private readonly log: Logger,
  ) {
    lookedUp({ name: 'weft_dns_server', help: 'What the name server has done since it began to serve', labels: ['what'] }, (gauge) => {
      for (const [what, count] of Object.entries(this.serving?.server.counters ?? {})) gauge.set({ what: snakeCase(what) }, count as number);
    });
  }

  /** Empty while it listens nowhere. */
  get listening(): DnsServer['listening'] {
    return this.serving?.server.listening ?? [];
  }

  /** Makes `address` the one that is served; "" for none. Returns true when it has begun to serve there just now. */
  async serveAt(address: string): Promise<boolean> {
    if (this.serving?.address === address) return false;
    await this.close();
    const place = address === '' ? undefined : parseListenAddress(address, DNS_PORT);
    if (!place) return false;
    try {
      this.serving = await this.open(address, place);
    } catch (error) {
      if (this.refused !== address) this.log.warn({ err: error, address }, 'zones cannot be served at this address; it is tried again');
      this.refused = address;
      return false;
    }
    this.refused = undefined;
    this.log.info({ listening: this.listening }, 'serving zones');
    return true;
  }

  /** Tells the secondaries of these zones, as they are served now. */
  announce(apexes: Iterable<Name>): void {
    for (const apex of apexes) {
      const zone = this.source.zone(nameKey(apex));
      if (!zone || !this.serving) continue;
      this.serving.notifier.announce(zone);
      // Who is told may want the whole zone.
      if (zone.notify.length > 0) void this.serving.server.prepare(zone.content);
    }
  }

  async close(): Promise<void> {
    const { serving } = this;
    this.serving = undefined;
    await serving?.notifier.close();
    await serving?.server.close();
  }

  private async open(address: string, { host, port }: ListenAddress): Promise<Serving> {
    const everywhere = host === '';
    const hosts = everywhere ? ['0.0.0.0', '::'] : [host];
    const listen = hosts.map((one) => ({ address: one, port }));
    const server = await startDnsServer({ source: this.source, listen, report: this.report });
    // Secondaries take NOTIFY from the address that they know as their primary.
    const sourceAddress = everywhere || host === '0.0.0.0' || host === '::' ? {} : host.includes(':') ? { ipv6: host } : { ipv4: host };
    return { address, server, notifier: new Notifier({ report: this.reportNotify, sourceAddress }) };
  }
}
