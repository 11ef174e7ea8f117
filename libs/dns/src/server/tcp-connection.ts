/**
 * One TCP client (RFC 1035 section 4.2.2, RFC 7766): frames of a length and a message. Requests are answered in their order.
 *
 *   reading ── whole frame ──> answering ── all sent ──> reading
 *      │                          │ the client does not take it: no more is read or made; after a time it is cut off
 *      └ nothing comes, or half a frame stays half: cut off
 */
import type { Socket } from 'node:net';
import { lengthOf, takeFrame } from '../wire/tcp-frame';
import type { DnsLimits } from './dns-limits';
import type { ReportDns } from './dns-report';
import type { PlannedTransfer } from './plan-transfer';
import type { DnsClient, RequestHandler } from './request-handler';
import type { ServerCounters } from './server-counters';

export interface TcpParts {
  readonly handler: RequestHandler;
  readonly limits: DnsLimits;
  readonly counters: ServerCounters;
  readonly report: ReportDns;
}

interface RunningTransfer {
  readonly plan: PlannedTransfer;
  readonly startMs: number;
  messages: number;
  bytes: number;
}

export class TcpConnection {
  private readonly client: DnsClient;
  private pending: Buffer = Buffer.alloc(0);
  private transfer: RunningTransfer | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;
  /** When a request that is not whole yet began. */
  private halfSinceMs: number | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly parts: TcpParts,
  ) {
    this.client = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, transport: 'tcp' };
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('drain', () => this.goOn());
    // The client closed its side: what was asked is still answered.
    socket.on('end', () => {
      this.ended = true;
      this.goOn();
    });
    // A reset connection is no defect of ours; 'close' follows.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed());
    this.arm(parts.limits.tcpIdleMs);
  }

  private take(chunk: Buffer): void {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    this.goOn();
  }

  /** As far as the client takes what we have to say. */
  private goOn(): void {
    while (!this.socket.destroyed && !this.socket.writableNeedDrain) {
      if (this.transfer) {
        this.sendNext(this.transfer);
        continue;
      }
      const message = this.nextFrame();
      if (!message) break;
      this.answer(message);
    }
    this.wait();
  }

  /** What is waited for now, and how long. */
  private wait(): void {
    if (this.socket.destroyed) return;
    const busy = this.socket.writableNeedDrain;
    if (busy) this.socket.pause();
    else this.socket.resume();
    if (!busy && this.ended) {
      this.socket.end();
      return;
    }
    const { tcpDrainMs, tcpRequestMs, tcpIdleMs } = this.parts.limits;
    this.arm(busy ? tcpDrainMs : this.pending.length > 0 ? tcpRequestMs : tcpIdleMs, !busy && this.pending.length > 0);
  }

  private nextFrame(): Buffer | undefined {
    const frame = takeFrame(this.pending);
    if (!frame) return undefined;
    this.pending = frame.rest;
    this.halfSinceMs = undefined;
    return frame.message;
  }

  private answer(message: Buffer): void {
    this.parts.counters.tcpRequests++;
    const reply = this.parts.handler.handle(message, this.client);
    // What is no request gets no answer; by TCP there is nothing left to say to such a client.
    if (reply.kind === 'none') this.socket.destroy();
    if (reply.kind === 'message') this.write(reply.octets);
    if (reply.kind === 'transfer') this.transfer = { plan: reply.transfer, startMs: performance.now(), messages: 0, bytes: 0 };
  }

  private sendNext(transfer: RunningTransfer): void {
    const next = transfer.plan.messages.next();
    if (next.done) {
      this.finish('sent');
      return;
    }
    transfer.messages++;
    transfer.bytes += next.value.length;
    this.write(next.value);
  }

  private write(octets: Buffer): void {
    this.socket.cork();
    this.socket.write(lengthOf(octets));
    this.socket.write(octets);
    this.socket.uncork();
  }

  private finish(outcome: 'sent' | 'broken-off'): void {
    const transfer = this.transfer;
    if (!transfer) return;
    this.transfer = undefined;
    transfer.plan.messages.return(undefined);
    const { messages, bytes, startMs, plan } = transfer;
    const { address: clientAddress, port: clientPort } = this.client;
    this.parts.report({ kind: 'transfer', ...plan.facts, outcome, clientAddress, clientPort, messages, bytes, durationMs: performance.now() - startMs });
  }

  private closed(): void {
    clearTimeout(this.timer);
    this.finish('broken-off');
  }

  /** @param half a request that has begun: more octets of it do not give it more time */
  private arm(ms: number, half = false): void {
    if (half && this.halfSinceMs !== undefined) return;
    this.halfSinceMs = half ? performance.now() : undefined;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.socket.destroy(), ms);
  }
}
