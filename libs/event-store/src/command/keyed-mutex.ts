/** Mutual exclusion per key within this process, first come first served. */
export class KeyedMutex {
  private readonly tails = new Map<string, Promise<void>>();

  /** Resolves with the function that releases the key; calling it twice does no harm. */
  async acquire(key: string): Promise<() => void> {
    const before = this.tails.get(key);
    let release!: () => void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before ? before.then(() => held) : held;
    this.tails.set(key, tail);
    void tail.then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    await before;
    return release;
  }
}
