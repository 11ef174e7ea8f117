/**
 * What is told twice in a row. A heartbeat may have been taken before the log was written and be heard after it: the next one is newer.
 */
export class RepeatedNews {
  private readonly before = new Map<string, ReadonlySet<string>>();

  /** @returns those of `news` that the same source has told the last time, too */
  heard(source: string, news: readonly string[]): ReadonlySet<string> {
    const told = this.before.get(source);
    this.before.set(source, new Set(news));
    return new Set(news.filter((one) => told?.has(one)));
  }
}
