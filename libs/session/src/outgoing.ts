import { MAX_CHUNK_BYTES } from './frame';

/** A piece that was handed over and may have to be sent again. */
export interface Chunk {
  offset: number;
  payload: Buffer;
}

/**
 * The sending half of a channel, without IO: what waits for credit, what was sent and is not yet acknowledged.
 *
 *   acked <= sent <= written,   sent <= limit (the peer's credit)
 */
export class Outgoing {
  private readonly waiting: Chunk[] = [];
  private readonly unacked: Chunk[] = [];
  private limit = 0;
  private written = 0;
  sent = 0;
  ended = false;

  /** Accepts bytes (cut to chunks) or, with `whole`, one message that must fit a chunk. */
  write(payload: Buffer, whole: boolean): void {
    if (whole && payload.length > MAX_CHUNK_BYTES) throw new RangeError(`A message of ${payload.length} bytes exceeds ${MAX_CHUNK_BYTES} bytes`);
    for (let start = 0; start < payload.length; start += MAX_CHUNK_BYTES) {
      // A copy: the writer may use its buffer again as soon as the write call is back, and we may have to resend.
      const piece = Buffer.from(payload.subarray(start, start + MAX_CHUNK_BYTES));
      this.waiting.push({ offset: this.written, payload: piece });
      this.written += piece.length;
    }
  }

  /** Chunks that may go now; they count as sent. */
  takeSendable(): Chunk[] {
    const chunks: Chunk[] = [];
    for (let next = this.waiting[0]; next && next.offset + next.payload.length <= this.limit; next = this.waiting[0]) {
      this.waiting.shift();
      this.unacked.push(next);
      this.sent = next.offset + next.payload.length;
      chunks.push(next);
    }
    return chunks;
  }

  /** Takes the peer's acknowledgement and credit. */
  acknowledge(received: number, limit: number): void {
    while (this.unacked[0] && this.unacked[0].offset + this.unacked[0].payload.length <= received) this.unacked.shift();
    this.limit = Math.max(this.limit, limit);
  }

  /** What the peer says it is missing. */
  unacknowledged(): readonly Chunk[] {
    return this.unacked;
  }

  /** Everything written was handed to the network. */
  get drained(): boolean {
    return this.waiting.length === 0;
  }
}
