/**
 * DNS questions of guests, as host agents bring them: whole messages over NATS, answered by any replica. A guest that floods
 * is held back by its agent; what is too much for this process is left unanswered, and the guest asks again.
 */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { dnsQuestionHeaders, dnsQuestionSubject } from '@weft/contracts';
import { Resolver, serverFailure, type ReportDns, type ResolverView, type Transport } from '@weft/dns';
import type { Logger } from '@weft/platform';
import type { GuestViews } from '../adapters/guest-views';

const LARGEST_CROWD = 2_000;
const NOTHING: ResolverView = { zone: () => undefined, nameServers: [] };

export class GuestQuestions {
  private readonly resolver: Resolver;
  private readonly underWay = new Set<Promise<void>>();
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly views: GuestViews,
    private readonly log: Logger,
    report: ReportDns,
  ) {
    this.resolver = new Resolver({ report });
  }

  /** @param queue every replica's: one of them gets each question */
  start(nats: NatsConnection, queue: string): void {
    const subscription = nats.subscribe(dnsQuestionSubject, { queue, callback: (error, message) => this.take(error, message) });
    this.unsubscribe = () => subscription.unsubscribe();
  }

  /** Resolves when what was taken is answered. */
  async stop(): Promise<void> {
    this.unsubscribe();
    await Promise.all(this.underWay);
  }

  private take(error: Error | null, message: Msg): void {
    if (error) return this.log.error({ err: error }, 'guests are not answered');
    if (this.underWay.size >= LARGEST_CROWD) return;
    const work = this.answer(message).finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  private async answer(message: Msg): Promise<void> {
    const question = Buffer.from(message.data);
    const network = message.headers?.get(dnsQuestionHeaders.network) ?? '';
    const transport: Transport = message.headers?.get(dnsQuestionHeaders.transport) === 'tcp' ? 'tcp' : 'udp';
    try {
      const reply = await this.resolver.resolve(question, transport, async (name) => (await this.views.find(network, name)) ?? NOTHING);
      message.respond(reply);
    } catch (error) {
      this.log.warn({ err: error, network }, 'a question of a guest could not be answered');
      message.respond(serverFailure(question));
    }
  }
}
