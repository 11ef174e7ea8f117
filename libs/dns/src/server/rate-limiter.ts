import { sourceNetwork } from './address';
import type { DnsLimits } from './dns-limits';

/** Answers of one kind are alike: what an attacker can make us send to a victim in numbers. */
export type ResponseKind = 'answer' | 'absent' | 'error';

interface Bucket {
  tokens: number;
  atMs: number;
  over: number;
}

/**
 * Response-rate limiting: a token bucket for each source network and kind of answer. A forged source cannot be told from
 * a busy one, so some of the answers above the limit say "truncated": a real client comes back by TCP.
 */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly limits: Pick<DnsLimits, 'responsesPerSecond' | 'slip' | 'trackedNetworks'>) {}

  judge(address: string, kind: ResponseKind, nowMs: number): 'send' | 'truncate' | 'drop' {
    const { responsesPerSecond, slip } = this.limits;
    if (responsesPerSecond === 0) return 'send';
    const bucket = this.bucket(`${kind}${sourceNetwork(address)}`, nowMs);
    bucket.tokens = Math.min(responsesPerSecond, bucket.tokens + ((nowMs - bucket.atMs) * responsesPerSecond) / 1000);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      bucket.over = 0;
      return 'send';
    }
    bucket.over++;
    return slip > 0 && bucket.over % slip === 0 ? 'truncate' : 'drop';
  }

  private bucket(key: string, nowMs: number): Bucket {
    const present = this.buckets.get(key);
    if (present) return present;
    // The one that was seen first goes: Map keeps the order of insertion. A network that is forgotten begins anew.
    if (this.buckets.size >= this.limits.trackedNetworks) for (const oldest of this.buckets.keys()) return this.replace(oldest, key, nowMs);
    return this.add(key, nowMs);
  }

  private replace(oldest: string, key: string, nowMs: number): Bucket {
    this.buckets.delete(oldest);
    return this.add(key, nowMs);
  }

  private add(key: string, nowMs: number): Bucket {
    const bucket = { tokens: this.limits.responsesPerSecond, atMs: nowMs, over: 0 };
    this.buckets.set(key, bucket);
    return bucket;
  }
}
