/**
 * Keeps what is served up to date, and tells the secondaries.
 *
 *   own append, weft.poke.dns of any replica, every LOOK_MS --ring--> zones as they are -> address as wanted -> NOTIFY
 *
 * Secondaries are told by each replica once it has the change itself, so that nobody asks one that is behind. A replica
 * that begins to serve tells them about everything: its predecessor may have died between a change and its NOTIFY.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { DNS_CONTEXT, pokeSubject } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import type { DnsListener } from './dns-listener';
import type { ZoneSnapshots } from './zone-snapshots';

/** For a poke that was lost. */
const LOOK_MS = 2_000;

interface Parts {
  snapshots: Pick<ZoneSnapshots, 'refresh' | 'apexes'>;
  listener: Pick<DnsListener, 'serveAt' | 'announce'>;
  /** The address that is wanted now. */
  address(): Promise<string>;
  log: Logger;
}

export class ZoneFollower {
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private rung = false;
  private stopped = false;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly parts: Parts) {}

  /** Resolves when the zones of this moment are served. */
  async start(nats: NatsConnection): Promise<void> {
    const subscription = nats.subscribe(pokeSubject(DNS_CONTEXT), { callback: () => this.ring() });
    this.unsubscribe = () => subscription.unsubscribe();
    this.timer = setInterval(() => this.ring(), LOOK_MS);
    this.ring();
    await this.working;
  }

  /** Something has changed. */
  ring(): void {
    this.rung = true;
    if (this.working || this.stopped) return;
    this.working = this.work().finally(() => {
      this.working = undefined;
      if (this.rung) this.ring();
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe();
    clearInterval(this.timer);
    await this.working;
  }

  private async work(): Promise<void> {
    const { snapshots, listener, address, log } = this.parts;
    this.rung = false;
    try {
      const moved = await snapshots.refresh();
      const isNew = await listener.serveAt(await address());
      listener.announce(isNew ? snapshots.apexes() : moved);
    } catch (error) {
      log.warn({ err: error }, 'zones could not be read; the next look tries again');
    }
  }
}
