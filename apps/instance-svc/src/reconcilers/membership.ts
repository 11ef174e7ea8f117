import type { Deps } from '../instance.deps';

const REFRESH_MS = 1_000;
const REFRESH_UNKNOWN_MS = 200;

/** Whose heartbeats count: those of members, and where enrolment is open those of hosts that nobody has removed. */
export class Membership {
  private statuses = new Map<string, string>();
  private readAt = -Infinity;
  private reading = false;
  private readonly strangers = new Set<string>();

  constructor(private readonly deps: Pick<Deps, 'pool' | 'log' | 'enrolment'>) {}

  /** Looked up behind the scenes: a host that has just joined counts from one of its next heartbeats on. */
  counts(member: string): boolean {
    const status = this.statuses.get(member);
    const counts = status === undefined ? this.deps.enrolment.open : status !== 'removed';
    if (performance.now() - this.readAt > (counts ? REFRESH_MS : REFRESH_UNKNOWN_MS)) void this.refresh();
    if (!counts) this.report(member, status);
    return counts;
  }

  async refresh(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      const { rows } = await this.deps.pool.query<{ name: string; status: string }>({ name: 'member-statuses', text: 'SELECT name, status FROM member' });
      this.statuses = new Map(rows.map(({ name, status }) => [name, status]));
    } catch (error) {
      this.deps.log.warn({ err: error }, 'members could not be read');
    } finally {
      this.readAt = performance.now();
      this.reading = false;
    }
  }

  private report(member: string, status: string | undefined): void {
    if (this.strangers.has(member)) return;
    this.strangers.add(member);
    this.deps.log.info({ member, status }, 'heartbeats of a host that is no member are ignored');
  }
}
