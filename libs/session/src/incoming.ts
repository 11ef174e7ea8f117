import type { Chunk } from './outgoing';

/**
 * The receiving half of a channel, without IO: puts chunks in order, drops repeats, notices holes, and grants credit
 * for what the reader has taken.
 */
export class Incoming {
  private readonly queue: Buffer[] = [];
  /** The next byte that we expect. */
  received = 0;
  private consumed = 0;
  private granted = 0;
  private end: number | undefined;

  constructor(private readonly windowBytes: number) {}

  /** Takes a chunk; false when something before it is missing. */
  accept(chunk: Chunk): boolean {
    if (chunk.offset > this.received) return false;
    if (chunk.offset < this.received) return true;
    this.queue.push(chunk.payload);
    this.received += chunk.payload.length;
    return true;
  }

  /** Takes what the peer says it has sent; false when some of it never came. */
  announce(sent: number, eof: boolean): boolean {
    if (eof) this.end = sent;
    return sent <= this.received;
  }

  take(): Buffer | undefined {
    const payload = this.queue.shift();
    if (payload) this.consumed += payload.length;
    return payload;
  }

  /** Every byte up to the peer's EOF is here. */
  get eofReceived(): boolean {
    return this.end !== undefined && this.received >= this.end;
  }

  /** The reader has it all too. */
  get finished(): boolean {
    return this.eofReceived && this.queue.length === 0;
  }

  /** The offset up to which the peer may send; remembered as granted. */
  grant(): number {
    this.granted = this.consumed + this.windowBytes;
    return this.granted;
  }

  /** The reader has freed enough of the window that it is worth a frame to say so. */
  get grantIsStale(): boolean {
    return this.consumed + this.windowBytes - this.granted >= this.windowBytes / 4;
  }
}
