/** Answers that stay good for a while, because each costs a guest or the host something. */
export class KeptAnswers<T> {
  private readonly kept = new Map<string, { at: number; answer: Promise<T> }>();

  constructor(
    private readonly keptMs: number,
    private readonly clock: () => number,
  ) {}

  get(about: string, ask: () => Promise<T>): Promise<T> {
    const now = this.clock();
    const known = this.kept.get(about);
    if (known && now - known.at < this.keptMs) return known.answer;
    const answer = ask();
    this.kept.set(about, { at: now, answer });
    return answer;
  }

  forget(about: string): void {
    this.kept.delete(about);
  }
}
