export interface EventuallyOptions {
  /** Default 10,000. */
  timeoutMs?: number;
  /** First pause between two looks, grows to ten times as much; default 10. */
  intervalMs?: number;
  /** For the error message. */
  what?: string;
}

/**
 * Waits for a condition of the world: returns the first truthy value of `check`. A `check` that throws counts as
 * "not yet" until the time is over; then its last error is the `cause`.
 */
export const eventually = async <T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<NonNullable<T>> => {
  const { timeoutMs = 10_000, intervalMs = 10, what = 'the condition' } = options;
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = intervalMs; ; pauseMs = Math.min(pauseMs * 1.3, intervalMs * 10)) {
    let lastError: unknown;
    try {
      const value = await check();
      if (value) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: lastError });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
};
