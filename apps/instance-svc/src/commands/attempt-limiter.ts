/**
 * Bounds how many secrets a stranger may try: per address, and in total for strangers with many addresses. An attempt
 * counts when it begins, so that a thousand at once are no way around it, and is given back when it was right.
 * Kept in memory: with several replicas the bound is a small multiple, which is still far from a dictionary.
 */
export interface AttemptLimiter {
  /** Counts an attempt; false when `address`, or everybody together, has none left for now. */
  take(address: string): boolean;
  /** The attempt was no guess. */
  giveBack(address: string): void;
}

interface Limits {
  perAddress: number;
  total: number;
  windowMs: number;
}

const DEFAULTS: Limits = { perAddress: 10, total: 200, windowMs: 60_000 };
const EVERYBODY = '*';

export function createAttemptLimiter(now: () => number = Date.now, limits: Limits = DEFAULTS): AttemptLimiter {
  const taken = new Map<string, number[]>();
  const recent = (key: string): number[] => {
    const kept = (taken.get(key) ?? []).filter((at) => at > now() - limits.windowMs);
    if (kept.length > 0) taken.set(key, kept);
    else taken.delete(key);
    return kept;
  };
  return {
    take(address) {
      const host = hostOf(address);
      // Nothing is remembered beyond the total: a flood of addresses cannot fill the memory.
      if (recent(EVERYBODY).length >= limits.total || recent(host).length >= limits.perAddress) return false;
      for (const key of [host, EVERYBODY]) taken.set(key, [...recent(key), now()]);
      if (taken.size > limits.total) for (const key of [...taken.keys()]) recent(key);
      return true;
    },
    giveBack(address) {
      for (const key of [hostOf(address), EVERYBODY]) taken.get(key)?.pop();
    },
  };
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711` without the port: every attempt comes from another one. */
const hostOf = (address: string): string => address.replace(/:\d+$/, '');
