/**
 * Brings what zones contain to what networks and instances are: fetch the facts, plan, append the difference.
 *
 *   reader of the network log --zone_pending (a key)--> refresh(zone): facts -> content -> ZoneContentChanged | nothing
 *
 * The event and the end of the mark commit together, so a killed process leaves the mark or the change, and never half of
 * either. Two replicas may look at the same zone: the zone's version lets one of them win, and the other finds nothing
 * left to do.
 */
import { newId } from '@weft/contracts';
import { execute, serviceMeta } from '@weft/service';
import { appendContent } from '../commands/append-content';
import type { Deps } from '../dns.deps';
import { zoneFold, zoneStream } from '../domain/zone.state';

/** Marks are rung for; this is for those of a replica that died. */
const LOOK_MS = 2_000;
const MARKS_AT_ONCE = 2_000;
const ZONES_AT_ONCE = 100;

interface Mark {
  id: string;
  owner: string | null;
  cause: string;
}

export class ZoneContentReconciler {
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private rung = false;
  private stopped = false;

  constructor(
    private readonly deps: Deps,
    private readonly service: string,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.ring(), LOOK_MS);
    this.ring();
  }

  /** Marks were written. */
  ring(): void {
    if (this.stopped) return;
    this.rung = true;
    this.working ??= this.work().finally(() => {
      this.working = undefined;
      if (this.rung) this.ring();
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.working;
  }

  private async work(): Promise<void> {
    this.rung = false;
    try {
      const { rows } = await this.deps.pool.query<{ zone: string }>(`SELECT DISTINCT zone FROM zone_pending LIMIT ${ZONES_AT_ONCE}`);
      for (const { zone } of rows) if (!this.stopped) await this.refresh(zone);
      if (rows.length > 0) this.rung = !this.stopped;
    } catch (error) {
      this.deps.log.warn({ err: error }, 'zones could not be refreshed; the next look tries again');
    }
  }

  private async refresh(key: string): Promise<void> {
    const { pool } = this.deps;
    const { rows: marks } = await pool.query<Mark>('SELECT id, owner, cause FROM zone_pending WHERE zone = $1 ORDER BY id LIMIT $2', [key, MARKS_AT_ONCE]);
    const last = marks.at(-1);
    if (!last) return;
    const { rows } = await pool.query<{ id: string; project: string }>('SELECT id, project FROM zone WHERE key = $1', [key]);
    const zone = rows[0];
    // A zone that is made later takes everything in when it is made.
    if (!zone) await pool.query('DELETE FROM zone_pending WHERE zone = $1 AND id <= $2', [key, last.id]);
    else await this.append(zone, marks, last);
  }

  private async append(zone: { id: string; project: string }, marks: readonly Mark[], last: Mark): Promise<void> {
    const owners = marks.some(({ owner }) => owner === null) ? undefined : [...new Set(marks.map(({ owner }) => owner!))];
    const meta = serviceMeta(this.service, zone.project, last.cause, newId(), last.cause);
    await execute(this.deps, meta, 'zone.refresh', { zone: zone.id }, async (uow) => {
      const { state } = await uow.load(zoneFold, zoneStream(zone.id));
      if (state.status === 'active') await appendContent(this.deps, uow, state, owners, { cause: last.cause });
      uow.inTransaction(async (client) => {
        await client.query('DELETE FROM zone_pending WHERE id = ANY($1)', [marks.map(({ id }) => id)]);
      });
      return {};
    });
  }
}
