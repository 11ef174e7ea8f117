/** Who wants to hear of something. What a listener throws is its own defect: it surfaces as uncaught, and nobody else misses a word. */
export class Listeners<T> {
  private readonly all = new Set<(value: T) => void>();

  /** @returns how to stop listening */
  add(listener: (value: T) => void): () => void {
    this.all.add(listener);
    return () => void this.all.delete(listener);
  }

  emit(value: T): void {
    for (const listener of [...this.all]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/**
 * Settles with the first value that `find` gives, asked now and after every emission.
 * @throws what `onTimeout` makes, after timeoutMs
 */
export function firstOf<T, R>(
  subscribe: (listener: (value: T) => void) => () => void,
  find: () => R | undefined,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly onTimeout: () => Error },
): Promise<R> {
  const now = find();
  if (now !== undefined) return Promise.resolve(now);
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      unsubscribe();
      settle();
    };
    const onAbort = () => finish(() => reject(options.signal?.reason as Error));
    const timer = setTimeout(() => finish(() => reject(options.onTimeout())), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const unsubscribe = subscribe(() => {
      try {
        const found = find();
        if (found !== undefined) finish(() => resolve(found));
      } catch (error) {
        finish(() => reject(error as Error));
      }
    });
    if (options.signal?.aborted) onAbort();
  });
}
