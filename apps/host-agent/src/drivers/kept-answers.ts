/** Answers about instances that stay good for a while, because each costs the guest or the host something. */
export class KeptAnswers<T> {
  private readonly kept = new Map<string, { at: number; answer: Promise<T> }>();

  constructor(
    private readonly keptMs: number,
    private readonly clock: () => number,
  ) {}

  get(instanceId: string, ask: () => Promise<T>): Promise<T> {
    const now = this.clock();
    const known = this.kept.get(instanceId);
    if (known && now - known.at < this.keptMs) return known.answer;
    const answer = ask();
    this.kept.set(instanceId, { at: now, answer });
    return answer;
  }

  forget(instanceId: string): void {
    this.kept.delete(instanceId);
  }
}
