import type { Pool } from 'pg';

/** Where instances are, and where they are going. */
const COUNT = `SELECT name, sum(count)::int AS count FROM (
    SELECT member AS name, count(*) AS count FROM instance GROUP BY member
    UNION ALL
    SELECT params ->> 'target', count(*) FROM saga
      WHERE status IN ('running', 'unwinding') AND type LIKE 'instance.migrate-%' AND params ->> 'target' <> '' GROUP BY 1) AS placed
  GROUP BY name`;
const FRESH_MS = 1_000;

/** A choice counts for so long by itself: from then on the log has it, unless the command was refused. */
const CHOSEN_MS = 3_000;

/**
 * How many instances each member has, by the log: what is stopped, or only on its way, is in no heartbeat. Counting takes
 * longer the more there are, so it is done once a second at most. What this process has just chosen counts too, or all
 * commands of a burst would choose the same member before the first of them is in the log; for a moment it may count
 * twice, which only spreads a burst the more.
 */
export class PlacedCounts {
  private counts = new Map<string, number>();
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;
  private chosen: { member: string; at: number }[] = [];

  constructor(private readonly pool: Pool) {}

  /** Up to date at least as of a second ago. */
  async refresh(): Promise<void> {
    if (performance.now() - this.readAt > FRESH_MS) await (this.reading ??= this.read());
  }

  of(member: string): number {
    return (this.counts.get(member) ?? 0) + this.chosen.filter((one) => one.member === member).length;
  }

  /** One more will be there. */
  choose(member: string): void {
    this.chosen.push({ member, at: performance.now() });
  }

  private async read(): Promise<void> {
    const start = performance.now();
    try {
      const { rows } = await this.pool.query<{ name: string; count: number }>({ name: 'count-placed', text: COUNT });
      this.counts = new Map(rows.map(({ name, count }) => [name, count]));
      this.chosen = this.chosen.filter(({ at }) => start - at < CHOSEN_MS);
      this.readAt = start;
    } finally {
      this.reading = undefined;
    }
  }
}
