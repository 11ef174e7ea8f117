/**
 * The zones as the server answers from them: in memory, each at one serial, followed from the rows.
 *
 *   rows (zone, zone_content, zone_change) --refresh--> ZoneContent + history --put--> ZoneSource
 *
 * `refresh` is level-triggered: it compares what is there with what is held, whoever called and however often. A replica
 * that is behind serves an older serial and catches up; it never counts serials itself, so all replicas give the same.
 */
import { MemoryZoneSource, type Name } from '@weft/dns';
import type { Logger } from '@weft/platform';
import type { Pool } from 'pg';
import { revealKeys } from '../domain/zone-secrets';
import { findKeys } from '../queries/find-keys';
import { followZone, readZone, type HeldZone, type ZoneRow } from './zone-rows';

export class ZoneSnapshots {
  readonly source = new MemoryZoneSource();
  private readonly held = new Map<string, HeldZone>();

  constructor(
    private readonly pool: Pool,
    private readonly log: Logger,
  ) {}

  /** Brings everything up to date; returns the apexes whose serial has moved. Not to be called side by side. */
  async refresh(): Promise<Name[]> {
    const { rows } = await this.pool.query<ZoneRow>({ name: 'zones_served', text: 'SELECT id, name, etag, change, config FROM zone' });
    const present = new Set(rows.map(({ id }) => id));
    for (const [id, { apex }] of this.held) if (!present.has(id)) this.forget(id, apex);
    const moved: Name[] = [];
    for (const hidden of rows) {
      const known = this.held.get(hidden.id);
      if (known && known.etag === hidden.etag && known.change === Number(hidden.change)) continue;
      const row = { ...hidden, config: revealKeys(hidden.config, await findKeys(this.pool, hidden.id)) };
      const next = known ? await this.follow(known, row) : await readZone(this.pool, row);
      if (next && this.put(row.id, next) && next.zone.content.soa.serial !== known?.zone.content.soa.serial) moved.push(next.apex);
    }
    return moved;
  }

  apexes(): Name[] {
    return [...this.held.values()].map(({ apex }) => apex);
  }

  private async follow(known: HeldZone, row: ZoneRow): Promise<HeldZone | undefined> {
    try {
      return await followZone(this.pool, known, row);
    } catch (error) {
      this.log.error({ err: error, zone: row.name }, 'the history of a zone does not fit its content; the zone is read anew');
      return readZone(this.pool, row);
    }
  }

  private forget(id: string, apex: Name): void {
    this.held.delete(id);
    this.source.remove(apex);
  }

  /** False when the zone cannot be put now: a key of the same name is about to leave another zone. */
  private put(id: string, held: HeldZone): boolean {
    try {
      this.source.put(held.zone);
      this.held.set(id, held);
      return true;
    } catch (error) {
      this.log.warn({ err: error, zone: held.apex }, 'zone not served yet; the next look tries again');
      return false;
    }
  }
}
