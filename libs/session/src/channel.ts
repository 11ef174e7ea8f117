/**
 * A byte channel between two processes over core NATS.
 *
 *      opened --(both hear each other)--> attached --(EOF both ways)--> closed
 *         |                                  |
 *         +------- abort, peer silent, peer replaced, connection closed ----> destroyed with an error
 *
 * Core NATS keeps order per connection but may lose messages when a connection breaks. Both sides therefore count
 * bytes: the sender keeps what is not acknowledged (at most one window) and sends it again when the receiver sees a
 * hole. Both sides say their state at least once per `keepaliveMs`; a peer silent for `peerTimeoutMs` is dead.
 */
import { randomInt } from 'node:crypto';
import { Duplex } from 'node:stream';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { sessionSubject } from '@weft/contracts';
import { decodeFrame, encodeFrame, MAX_CHUNK_BYTES, type AbortFrame, type DataFrame, type Frame, type StateFrame } from './frame';
import { Incoming } from './incoming';
import { Outgoing } from './outgoing';
import { SessionError } from './session-error';

export type Side = 'client' | 'server';

export interface ChannelOptions {
  sessionId: string;
  channel: string;
  side: Side;
  /** `bytes` (default) or whole text messages, each at most 64 KiB (the "control" channel). */
  mode?: 'bytes' | 'messages';
  /** Bytes that the peer may send ahead of our reader; default 1 MiB. */
  windowBytes?: number;
  /** How long the peer may take to come; default 30 s, 0 waits for ever. */
  attachTimeoutMs?: number;
  keepaliveMs?: number;
  peerTimeoutMs?: number;
}

type WriteCallback = (error?: Error | null) => void;
const GREETING_INTERVAL_MS = 250;
const DEFAULTS = { mode: 'bytes' as const, windowBytes: 1024 * 1024, attachTimeoutMs: 30_000, keepaliveMs: 1000, peerTimeoutMs: 5000 };
/** Below four chunks, a sender could wait for credit that the reader does not find worth granting. */
const MIN_WINDOW_BYTES = 4 * MAX_CHUNK_BYTES;

/** Opens this side of a channel; the peer may come before or after. Errors ('error' event) are `SessionError`s. */
export const openChannel = (nc: NatsConnection, options: ChannelOptions): SessionChannel => new SessionChannel(nc, { ...DEFAULTS, ...options });

export class SessionChannel extends Duplex {
  /** Resolves when both sides hear each other; rejects when the channel ends before. */
  readonly attached: Promise<void>;
  private resolveAttached!: () => void;
  private rejectAttached!: (error: Error) => void;

  private readonly nonce = randomInt(1, 2 ** 32);
  private peer = 0;
  private isAttached = false;
  private peerLeft = false;
  private readerWaits = false;
  private pushedEnd = false;
  private saidEofReceived = false;
  /** The `received` for which we have asked to be sent what is missing: one request per hole and tick. */
  private askedAt = -1;
  private readonly out = new Outgoing();
  private readonly in: Incoming;
  private writeCallback: WriteCallback | undefined;
  private finalCallback: WriteCallback | undefined;
  private readonly subscription: Subscription;
  private readonly outSubject: string;
  private readonly openedAt = Date.now();
  private heardAt = Date.now();
  private tickedAt = Date.now();
  private timer: NodeJS.Timeout;

  constructor(
    private readonly nc: NatsConnection,
    private readonly options: Required<ChannelOptions>,
  ) {
    const messages = options.mode === 'messages';
    super({ readableObjectMode: messages, writableObjectMode: messages, readableHighWaterMark: messages ? 16 : 64 * 1024, allowHalfOpen: true });
    this.in = new Incoming(Math.max(options.windowBytes, MIN_WINDOW_BYTES));
    this.attached = new Promise((resolve, reject) => {
      this.resolveAttached = resolve;
      this.rejectAttached = reject;
    });
    // Who does not wait for `attached` learns of a failure through the stream's 'error'.
    this.attached.catch(() => undefined);
    this.once('end', () => this.peerLeft && this.destroy());
    // What a peer does must never end this process for want of a listener; who waits on the stream hears it anyway.
    this.on('error', () => undefined);
    this.outSubject = sessionSubject(options.sessionId, options.channel, options.side === 'client' ? 'server' : 'client');
    this.subscription = nc.subscribe(sessionSubject(options.sessionId, options.channel, options.side), {
      callback: (error, message) => {
        if (error) this.destroy(new SessionError('connection-lost', error.message));
        else this.handle(message.data);
      },
    });
    void nc.closed().then(() => this.destroy(new SessionError('connection-lost', 'The connection to NATS was closed')));
    this.timer = setInterval(() => this.tick(), GREETING_INTERVAL_MS).unref();
    this.sendState();
  }

  /** Ends the channel at once; the peer's channel fails with this reason. */
  abort(reason: string): void {
    this.destroy(new SessionError('aborted', reason));
  }

  // --- what the network says ---

  private handle(data: Uint8Array): void {
    const frame = decodeFrame(data);
    if (!frame) return;
    if (this.destroyed) return this.answerAfterEnd(frame);
    if (this.peer !== 0 && frame.nonce !== this.peer) {
      if (frame.kind === 'state') this.destroy(new SessionError('peer-replaced', 'Another process has taken the place of the peer'));
      return;
    }
    this.heardAt = Date.now();
    switch (frame.kind) {
      case 'state':
        return this.handleState(frame);
      case 'data':
        return this.handleData(frame);
      case 'abort':
        return this.handleAbort(frame);
    }
  }

  private handleState(frame: StateFrame): void {
    this.peer = frame.nonce;
    if (frame.echo !== this.nonce) {
      // A greeting (echo 0) gets an answer; an echo of an earlier process on our side means that the peer knew another.
      if (frame.echo === 0) this.sendState();
      else this.destroy(new SessionError('peer-replaced', 'The peer talks to another process'));
      return;
    }
    if (!this.isAttached) this.becomeAttached();
    this.out.acknowledge(frame.received, frame.limit);
    if (frame.resend) this.resend();
    this.flush();
    if (frame.eofReceived && this.out.ended) this.finishWriting();
    const complete = this.in.announce(frame.sent, frame.eof);
    this.deliver();
    if (!complete) this.askAgain();
    else if (frame.eof && !this.saidEofReceived) this.sendState();
  }

  private becomeAttached(): void {
    this.isAttached = true;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), this.options.keepaliveMs).unref();
    this.sendState();
    this.resolveAttached();
  }

  private handleData(frame: DataFrame): void {
    // Data before attachment can only be for an earlier process on our side.
    if (frame.nonce !== this.peer) return;
    if (this.in.accept(frame)) this.deliver();
    else this.askAgain();
  }

  private handleAbort(frame: AbortFrame): void {
    if (!frame.clean) return void this.destroy(new SessionError('aborted', frame.reason, true));
    if (!this.in.eofReceived) return void this.destroy(new SessionError('peer-closed', 'The peer closed the channel', true));
    // It has said all it had to say and listens no more: what we still write goes nowhere, as into /dev/null.
    this.peerLeft = true;
    clearInterval(this.timer);
    this.flush();
    if (this.out.ended) this.finishWriting();
    if (this.readableEnded) this.destroy();
    // Lets 'end' come when there is nothing to read and nobody reads.
    else this.read(0);
  }

  /** The peer may have missed our last word. */
  private answerAfterEnd(frame: Frame): void {
    if (frame.kind === 'state' && frame.nonce === this.peer) this.sayGoodbye();
  }

  // --- the stream's reader ---

  override _read(): void {
    this.readerWaits = true;
    this.deliver();
  }

  private deliver(): void {
    while (this.readerWaits) {
      const payload = this.in.take();
      if (!payload) break;
      this.readerWaits = this.push(this.options.mode === 'messages' ? payload.toString('utf8') : payload);
    }
    if (this.in.finished && !this.pushedEnd) {
      this.pushedEnd = true;
      this.push(null);
    }
    if (this.isAttached && this.in.grantIsStale && !this.in.eofReceived) this.sendState();
  }

  // --- the stream's writer ---

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: WriteCallback): void {
    if (this.peerLeft) return callback();
    try {
      this.out.write(
        typeof chunk === 'string' ? Buffer.from(chunk, this.options.mode === 'messages' ? 'utf8' : encoding) : chunk,
        this.options.mode === 'messages',
      );
    } catch (error) {
      return callback(error as Error);
    }
    this.writeCallback = callback;
    this.flush();
  }

  /** 'finish' means that the peer has received every byte and the EOF. */
  override _final(callback: WriteCallback): void {
    this.out.ended = true;
    this.finalCallback = callback;
    if (this.peerLeft) this.finishWriting();
    else if (this.isAttached) this.sendState();
  }

  private flush(): void {
    if (!this.peerLeft) for (const chunk of this.out.takeSendable()) this.send({ kind: 'data', nonce: this.nonce, ...chunk });
    if (!this.out.drained && !this.peerLeft) return;
    const callback = this.writeCallback;
    this.writeCallback = undefined;
    callback?.();
  }

  private resend(): void {
    for (const chunk of this.out.unacknowledged()) this.send({ kind: 'data', nonce: this.nonce, ...chunk });
  }

  private askAgain(): void {
    if (this.askedAt === this.in.received) return;
    this.askedAt = this.in.received;
    this.sendState(true);
  }

  private finishWriting(): void {
    const callback = this.finalCallback;
    this.finalCallback = undefined;
    callback?.();
  }

  // --- time and the end ---

  private tick(): void {
    const now = Date.now();
    // A process that itself stood still (stopped, suspended) must first listen before it may call the peer dead.
    const stoodStill = now - this.tickedAt > 2 * this.options.keepaliveMs + GREETING_INTERVAL_MS;
    this.tickedAt = now;
    this.askedAt = -1;
    const { attachTimeoutMs, peerTimeoutMs } = this.options;
    if (this.isAttached && !stoodStill && now - this.heardAt > peerTimeoutMs) {
      this.destroy(new SessionError('peer-lost', 'The peer is not heard any more'));
    } else if (!this.isAttached && attachTimeoutMs > 0 && now - this.openedAt > attachTimeoutMs) {
      this.destroy(new SessionError('attach-timeout', 'The other side did not come in time'));
    } else {
      this.sendState();
    }
  }

  private sendState(resend = false): void {
    if (this.destroyed) return;
    if (this.in.eofReceived) this.saidEofReceived = true;
    this.send({
      kind: 'state',
      nonce: this.nonce,
      echo: this.peer,
      // EOF only once everything is out: `sent` is then the length of the whole.
      eof: this.out.ended && this.out.drained,
      eofReceived: this.in.eofReceived,
      resend,
      received: this.in.received,
      limit: this.in.grant(),
      sent: this.out.sent,
    });
  }

  private send(frame: Frame): void {
    if (!this.nc.isClosed()) this.nc.publish(this.outSubject, encodeFrame(frame));
  }

  private sayGoodbye(): void {
    const error = this.errored;
    this.send({ kind: 'abort', nonce: this.nonce, clean: !error, reason: error?.message ?? '' });
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    clearInterval(this.timer);
    const nobodyToTell = this.peerLeft || (error instanceof SessionError && error.fromPeer);
    if (!nobodyToTell) this.send({ kind: 'abort', nonce: this.nonce, clean: !error, reason: error?.message ?? '' });
    // Stay for a while, to answer a peer that missed the goodbye.
    setTimeout(() => !this.nc.isClosed() && this.subscription.unsubscribe(), nobodyToTell ? 0 : this.options.peerTimeoutMs).unref();
    if (!this.isAttached) this.rejectAttached(error ?? new SessionError('peer-closed', 'The channel was closed before the other side came'));
    this.writeCallback = this.finalCallback = undefined;
    callback(error);
  }
}
