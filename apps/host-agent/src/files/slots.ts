/** At most `limit` pieces of work at the same time; others wait in the order in which they came. */
export class Slots {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.taken >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.taken += 1;
    try {
      return await work();
    } finally {
      // The slot passes to the next in line, or becomes free.
      const next = this.waiting.shift();
      if (next) next();
      else this.taken -= 1;
    }
  }
}
