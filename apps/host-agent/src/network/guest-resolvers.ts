/**
 * Name servers for the guests on this host: one for each network that a guest here is plugged into, or was a moment ago: guests are
 * restarted, and to make a place for sockets costs more than to keep it for a while.
 *
 *   what is plugged in (the switch's database) --ring--> networks that need one --open, close--> sockets
 *   guest --UDP, TCP--> socket of its network --NATS--> the DNS service, which knows what that network sees
 */
import { createHash } from 'node:crypto';
import type { GuestResolver } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import type { HostLinks } from './host-links';
import type { HostSwitch } from './host-switch';
import { openResolverPlace } from './resolver-place';
import { ResolverSession, type AnswerQuestion } from './resolver-session';

/** For a change that nobody rang for, and for what failed. */
const LOOK_MS = 15_000;
/** How long a resolver waits for the next guest of its network. */
const LINGER_MS = 60_000;

export class GuestResolvers {
  private readonly open = new Map<string, ResolverSession>();
  /** When the last guest of a network with an open resolver was seen. */
  private readonly wantedAt = new Map<string, number>();
  private working: Promise<void> | undefined;
  private rung = false;
  private answer: AnswerQuestion | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly links: HostLinks,
    private readonly hostSwitch: HostSwitch,
    private readonly logger: Logger,
    private readonly lingerMs = LINGER_MS,
  ) {}

  /** From now on there are resolvers. What a former agent has left is replaced. */
  start(answer: AnswerQuestion): void {
    this.answer = answer;
    this.timer = setInterval(() => this.ring(), LOOK_MS);
    this.ring();
  }

  /** Something was plugged in or taken away. */
  ring(): void {
    this.rung = true;
    if (!this.answer || this.working) return;
    this.working = this.work(this.answer).finally(() => {
      this.working = undefined;
      if (this.rung) this.ring();
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.answer = undefined;
    await this.working;
    for (const session of this.open.values()) session.close();
    this.open.clear();
    this.wantedAt.clear();
  }

  private async work(answer: AnswerQuestion): Promise<void> {
    this.rung = false;
    try {
      const wanted = new Map((await this.hostSwitch.plugged()).flatMap(({ resolver }) => (resolver ? [[resolver.networkId, resolver] as const] : [])));
      await this.closeAllBut(wanted, await this.hostSwitch.resolverLinks());
      for (const resolver of wanted.values()) if (!this.open.has(resolver.networkId)) await this.tryOpen(resolver, answer);
    } catch (error) {
      this.logger.warn({ err: error }, 'resolvers for guests are not as they should be; the next look tries again');
    }
  }

  /** One network's trouble is not that of the others. */
  private async tryOpen(resolver: GuestResolver, answer: AnswerQuestion): Promise<void> {
    try {
      await this.openOne(resolver, answer);
    } catch (error) {
      this.logger.warn({ err: error, network: resolver.networkId }, 'the resolver of a network does not open; the next look tries again');
    }
  }

  /** Of what is plugged in, only what is open and wanted stays; what is open and not plugged in is of no use. */
  private async closeAllBut(wanted: ReadonlyMap<string, GuestResolver>, plugged: readonly string[]): Promise<void> {
    const now = performance.now();
    for (const [networkId, session] of this.open) {
      if (wanted.has(networkId)) this.wantedAt.set(networkId, now);
      if (now - this.wantedAt.get(networkId)! <= this.lingerMs && plugged.includes(linkOf(networkId))) continue;
      session.close();
      this.open.delete(networkId);
      this.wantedAt.delete(networkId);
    }
    const used = new Set([...this.open.keys()].map(linkOf));
    const left = plugged.filter((link) => !used.has(link));
    await this.hostSwitch.unplugResolvers(left);
    for (const link of left) await this.links.remove(link);
  }

  private async openOne(resolver: GuestResolver, answer: AnswerQuestion): Promise<void> {
    const { networkId, ifaceId } = resolver;
    const link = linkOf(networkId);
    const sockets = await openResolverPlace(this.links, link, resolver, await this.hostSwitch.finishesChecksums());
    this.open.set(networkId, new ResolverSession(sockets, networkId, answer, this.logger));
    this.wantedAt.set(networkId, performance.now());
    await this.hostSwitch.plugResolver(link, ifaceId, networkId);
  }
}

const linkOf = (networkId: string): string => `dns${createHash('sha256').update(networkId).digest('hex').slice(0, 8)}`;
