import { sourceNetwork } from './address';
import type { DnsLimits } from './dns-limits';

/** Answers of one kind are alike: what an attacker can make us send to a victim in numbers. */
export type ResponseKind = 'answer' | 'absent' | 'error';

/** Requests that are read for each answer of a kind that may be sent. */
const REQUESTS_PER_RESPONSE = 2;

interface Bucket {
  tokens: number;
  atMs: number;
  over: number;
}

/**
 * Response-rate limiting: a token bucket for each source network and kind of answer. A forged source cannot be told from
 * a busy one, so some of the answers above the limit say "truncated": a real client comes back by TCP. To make an answer
 * and not to send it costs as much as to send it, so one more bucket says how many requests of a network are read at all:
 * a flood must not take the processor, and the room in the socket's queue, from other clients.
 */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly limits: Pick<DnsLimits, 'responsesPerSecond' | 'slip' | 'trackedNetworks'>) {}

  /** Is a request from there read? */
  admits(address: string, nowMs: number): boolean {
    const perSecond = this.limits.responsesPerSecond * REQUESTS_PER_RESPONSE;
    return perSecond === 0 || this.take(`request${sourceNetwork(address)}`, perSecond, nowMs).over === 0;
  }

  judge(address: string, kind: ResponseKind, nowMs: number): 'send' | 'truncate' | 'drop' {
    const { responsesPerSecond, slip } = this.limits;
    if (responsesPerSecond === 0) return 'send';
    const { over } = this.take(`${kind}${sourceNetwork(address)}`, responsesPerSecond, nowMs);
    if (over === 0) return 'send';
    return slip > 0 && over % slip === 0 ? 'truncate' : 'drop';
  }

  /** One more: `over` counts those above the limit, and is 0 for one within it. */
  private take(key: string, perSecond: number, nowMs: number): Bucket {
    const bucket = this.bucket(key, perSecond, nowMs);
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000);
    bucket.atMs = nowMs;
    const within = bucket.tokens >= 1;
    bucket.tokens -= within ? 1 : 0;
    bucket.over = within ? 0 : bucket.over + 1;
    return bucket;
  }

  private bucket(key: string, perSecond: number, nowMs: number): Bucket {
    const present = this.buckets.get(key);
    if (present) return present;
    // The one that was seen first goes: Map keeps the order of insertion. A network that is forgotten begins anew.
    if (this.buckets.size >= this.limits.trackedNetworks) {
      for (const oldest of this.buckets.keys()) {
        this.buckets.delete(oldest);
        break;
      }
    }
    const bucket = { tokens: perSecond, atMs: nowMs, over: 0 };
    this.buckets.set(key, bucket);
    return bucket;
  }
}
