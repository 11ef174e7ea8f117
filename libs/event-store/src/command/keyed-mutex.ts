type Release = () => void;

/** Mutual exclusion per key within this process, first come first served. */
export class KeyedMutex {
  /** Who waits for a key; a key that nobody holds has no entry. */
  private readonly queues = new Map<string, ((release: Release) => void)[]>();

  /** The function that releases the key, at once when nobody holds it; calling it twice does no harm. */
  acquire(key: string): Release | Promise<Release> {
    const queue = this.queues.get(key);
    if (queue) return new Promise((resolve) => queue.push(resolve));
    this.queues.set(key, []);
    return this.releaser(key);
  }

  private releaser(key: string): Release {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = this.queues.get(key)!.shift();
      if (next) next(this.releaser(key));
      else this.queues.delete(key);
    };
  }
}
