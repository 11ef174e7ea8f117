import type { MemberRegistry } from '../adapters/member-registry';
import { OFFLINE_THRESHOLD_KEY } from '../domain/server.config-keys';
import type { Deps } from '../instance.deps';

const REFRESH_MS = 1_000;
const REFRESH_UNKNOWN_MS = 200;

/** Whose heartbeats count: those of members, and where enrolment is open those of hosts that nobody has removed. */
export class Membership {
  private statuses = new Map<string, string>();
  private readAt = -Infinity;
  private reading = false;
  private readonly strangers = new Set<string>();

  constructor(
    private readonly deps: Pick<Deps, 'pool' | 'log' | 'enrolment'>,
    private readonly registry: Pick<MemberRegistry, 'offlineAfter'>,
  ) {}

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
      await this.readThreshold();
    } catch (error) {
      this.deps.log.warn({ err: error }, 'members could not be read');
    } finally {
      this.readAt = performance.now();
      this.reading = false;
    }
  }

  private async readThreshold(): Promise<void> {
    const { rows } = await this.deps.pool.query<{ seconds: string | null }>({
      name: 'offline-threshold',
      text: `SELECT doc::json ->> '${OFFLINE_THRESHOLD_KEY}' AS seconds FROM server_config`,
    });
    this.registry.offlineAfter(rows[0]?.seconds ? Number(rows[0].seconds) * 1_000 : undefined);
  }

  private report(member: string, status: string | undefined): void {
    if (this.strangers.has(member)) return;
    this.strangers.add(member);
    this.deps.log.info({ member, status }, 'heartbeats of a host that is no member are ignored');
  }
}
