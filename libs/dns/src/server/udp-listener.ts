import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { DnsLimits } from './dns-limits';
import type { ReportDns } from './dns-report';
import { RateLimiter } from './rate-limiter';
import type { Reply, RequestHandler } from './request-handler';
import type { ServerCounters } from './server-counters';
import { truncated } from './write-answer';

type MessageReply = Extract<Reply, { kind: 'message' }>;

/** Addresses of datagrams are addresses already: no look-up, and none of its cost. */
const asIs = (address: string, _options: unknown, done: (error: null, address: string, family: number) => void): void =>
  done(null, address, isIPv6(address) ? 6 : 4);

const BUFFER_BYTES = 4 * 1024 * 1024;
/** Of a flood, one answer in this time is reported: what is said about it must not be a flood too. */
const REPORT_MS = 1_000;

/** Datagrams in, datagrams out. An answer that the network does not take is lost, as UDP has it: the client asks again. */
export class UdpListener {
  private readonly limiter: RateLimiter;
  private reportedMs = -Infinity;

  private constructor(
    private readonly socket: Socket,
    private readonly handler: RequestHandler,
    limits: DnsLimits,
    private readonly counters: ServerCounters,
    private readonly report: ReportDns,
  ) {
    this.limiter = new RateLimiter(limits);
    socket.on('message', (message, from) => this.take(message, from));
  }

  static async listen(
    place: { address: string; port: number },
    parts: { handler: RequestHandler; limits: DnsLimits; counters: ServerCounters; report: ReportDns },
  ): Promise<UdpListener> {
    const socket = createSocket(isIPv6(place.address) ? { type: 'udp6', ipv6Only: true, lookup: asIs } : { type: 'udp4', lookup: asIs });
    const listening = once(socket, 'listening');
    socket.bind(place.port, place.address);
    await listening;
    socket.on('error', (error) => parts.report({ kind: 'fault', error }));
    socket.setRecvBufferSize(BUFFER_BYTES);
    socket.setSendBufferSize(BUFFER_BYTES);
    return new UdpListener(socket, parts.handler, parts.limits, parts.counters, parts.report);
  }

  get port(): number {
    return this.socket.address().port;
  }

  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }

  private take(message: Buffer, from: RemoteInfo): void {
    this.counters.udpRequests++;
    if (!this.limiter.admits(from.address, Date.now())) {
      this.limited(from);
      return;
    }
    const reply = this.handler.handle(message, { address: from.address, port: from.port, transport: 'udp' });
    if (reply.kind === 'message') this.answer(reply, from);
    if (reply.kind === 'transfer') this.transfer(reply.transfer, from);
  }

  private answer(reply: MessageReply, from: RemoteInfo): void {
    const verdict = reply.signed ? 'send' : this.limiter.judge(from.address, reply.responseKind, Date.now());
    if (verdict === 'send') this.send(reply.octets, from);
    else if (verdict === 'truncate' && reply.request) this.send(truncated(reply.request, reply.octets), from);
    if (verdict !== 'send') this.limited(from);
  }

  private limited({ address, port }: RemoteInfo): void {
    this.counters.rateLimited++;
    const nowMs = performance.now();
    if (nowMs - this.reportedMs < REPORT_MS) return;
    this.reportedMs = nowMs;
    this.report({ kind: 'refused', reason: 'rate-limited', what: 'query', clientAddress: address, clientPort: port, transport: 'udp' });
  }

  private transfer({ facts, messages }: Extract<Reply, { kind: 'transfer' }>['transfer'], from: RemoteInfo): void {
    const { value: octets } = messages.next() as IteratorYieldResult<Buffer>;
    this.send(octets, from);
    this.report({
      kind: 'transfer',
      ...facts,
      outcome: 'sent',
      clientAddress: from.address,
      clientPort: from.port,
      messages: 1,
      bytes: octets.length,
      durationMs: 0,
    });
  }

  private send(octets: Buffer, to: RemoteInfo): void {
    this.counters.udpResponses++;
    this.socket.send(octets, 0, octets.length, to.port, to.address, (error) => {
      if (error) this.counters.udpSendErrors++;
    });
  }
}
