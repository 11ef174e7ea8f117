import type { ZoneContent } from '../zone/zone-content';

/** What stands behind the question of an answer, without OPT and signature. Pointers in it lead to the same places again. */
export interface CachedAnswer {
  readonly tail: Buffer;
  /** Answer, authority, additional. */
  readonly counts: readonly [number, number, number];
  /** AA and rcode. */
  readonly flags: number;
}

const ENTRY_OVERHEAD = 200;

/** Finished answers of one content; a new content begins with none, so nothing is ever stale. */
export class AnswerCache {
  private readonly answers = new Map<string, CachedAnswer>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get(question: string): CachedAnswer | undefined {
    return this.answers.get(question);
  }

  set(question: string, answer: CachedAnswer): void {
    const size = question.length + answer.tail.length + ENTRY_OVERHEAD;
    // Full: begin anew, rather than keep the order of use for each query.
    if (this.bytes + size > this.maxBytes) {
      this.answers.clear();
      this.bytes = 0;
    }
    if (size > this.maxBytes) return;
    this.answers.set(question, answer);
    this.bytes += size;
  }
}

export class AnswerCaches {
  private readonly caches = new WeakMap<ZoneContent, AnswerCache>();

  constructor(private readonly maxBytes: number) {}

  of(content: ZoneContent): AnswerCache {
    let cache = this.caches.get(content);
    if (!cache) this.caches.set(content, (cache = new AnswerCache(this.maxBytes)));
    return cache;
  }
}
