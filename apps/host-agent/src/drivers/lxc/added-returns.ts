const CR = 0x0d;
const LF = 0x0a;

/**
 * Takes back what terminals in between have added: each turns every "\n" that passes into "\r\n" (ONLCR, termios(3)),
 * and liblxc leaves that on in the terminals that it relays between. So exactly `layers` returns before each line
 * feed are not the guest's.
 */
export class AddedReturns {
  private held = 0;

  constructor(private readonly layers: number) {}

  /** Returns at the end of `chunk` are held: whether they stay depends on what follows. */
  strip(chunk: Buffer): Buffer {
    const out = Buffer.allocUnsafe(chunk.length + this.held);
    let length = 0;
    for (const byte of chunk) {
      if (byte === CR) {
        this.held += 1;
        continue;
      }
      const kept = byte === LF ? Math.max(0, this.held - this.layers) : this.held;
      for (let i = 0; i < kept; i += 1) out[length++] = CR;
      this.held = 0;
      out[length++] = byte;
    }
    return out.subarray(0, length);
  }

  get isHolding(): boolean {
    return this.held > 0;
  }

  /** Nothing follows (for now): what is held was meant. */
  flush(): Buffer {
    const out = Buffer.alloc(this.held, CR);
    this.held = 0;
    return out;
  }
}
