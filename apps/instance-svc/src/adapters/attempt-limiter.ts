/**
 * Bounds how many wrong secrets a stranger may try: per address, and in total for strangers with many addresses.
 * Kept in memory: with several replicas the bound is a small multiple, which is still far from a dictionary.
 */
export interface AttemptLimiter {
  /** False while `address`, or everybody together, has failed too often lately. */
  allowed(address: string): boolean;
  failed(address: string): void;
}

interface Limits {
  perAddress: number;
  total: number;
  windowMs: number;
}

const DEFAULTS: Limits = { perAddress: 10, total: 200, windowMs: 60_000 };
const EVERYBODY = '*';

export function createAttemptLimiter(now: () => number = Date.now, limits: Limits = DEFAULTS): AttemptLimiter {
  const failures = new Map<string, number[]>();
  const recent = (key: string): number[] => {
    const kept = (failures.get(key) ?? []).filter((at) => at > now() - limits.windowMs);
    if (kept.length > 0) failures.set(key, kept);
    else failures.delete(key);
    return kept;
  };
  return {
    allowed: (address) => recent(hostOf(address)).length < limits.perAddress && recent(EVERYBODY).length < limits.total,
    failed(address) {
      // Nothing is remembered beyond the total: a flood of addresses cannot fill the memory.
      if (recent(EVERYBODY).length >= limits.total) return;
      for (const key of [hostOf(address), EVERYBODY]) failures.set(key, [...recent(key), now()]);
      if (failures.size > limits.total) for (const key of [...failures.keys()]) recent(key);
    },
  };
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711` without the port: every attempt comes from another one. */
const hostOf = (address: string): string => address.replace(/:\d+$/, '');
