/**
 * Who was refused what, and why: one row per zone, kind, reason, client and key, so that a stubborn client is one line with
 * a count. Written in bunches and bounded; what is lost with a process is no more than the last moment.
 */
import { explainRefusal, nameKey, renderName, type Refusal } from '@weft/dns';
import type { Logger } from '@weft/platform';
import type { Pool } from 'pg';

const FLUSH_MS = 1_000;
/** Kinds of refusals in one bunch, and rows kept per zone: strangers can make up as many as they like. */
const MAX_WAITING = 500;
const MAX_ROWS_OF_ZONE = 200;

interface Line {
  zone: string;
  refusal: Refusal;
  keyName: string;
  count: number;
}

export class RefusalBook {
  private waiting = new Map<string, Line>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly log: Logger,
  ) {}

  /** At once; a refusal that concerns no zone of ours is only in the server's counters. */
  add(refusal: Refusal): void {
    if (refusal.zone === undefined) return;
    const zone = renderName(nameKey(refusal.zone));
    const keyName = refusal.keyName === undefined ? '' : renderName(refusal.keyName);
    const key = [zone, refusal.what, refusal.reason, refusal.clientAddress, keyName].join('\n');
    const line = this.waiting.get(key);
    if (line) line.count += 1;
    else if (this.waiting.size < MAX_WAITING) this.begin(key, { zone, refusal, keyName, count: 1 });
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.flush();
  }

  private begin(key: string, line: Line): void {
    this.waiting.set(key, line);
    this.log.info({ zone: line.zone, reason: line.refusal.reason, client: line.refusal.clientAddress }, explainRefusal(line.refusal));
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  private async flush(): Promise<void> {
    this.timer = undefined;
    const lines = [...this.waiting.values()];
    this.waiting = new Map();
    if (lines.length === 0) return;
    try {
      await this.pool.query({ name: 'refusals_add', text: ADD, values: columns(lines) });
      await this.pool.query({ name: 'refusals_bound', text: BOUND, values: [[...new Set(lines.map(({ zone }) => zone))], MAX_ROWS_OF_ZONE] });
    } catch (error) {
      this.log.warn({ err: error }, 'refusals could not be written');
    }
  }
}

const columns = (lines: readonly Line[]): unknown[] => [
  ...[lines.map(({ zone }) => zone), lines.map(({ refusal }) => refusal.what), lines.map(({ refusal }) => refusal.reason)],
  ...[lines.map(({ refusal }) => refusal.clientAddress), lines.map(({ keyName }) => keyName)],
  ...[lines.map(({ refusal }) => explainRefusal(refusal)), lines.map(({ count }) => count)],
];

const ADD = `
INSERT INTO zone_refusal AS known (zone, what, reason, address, key_name, explanation, count, first_at, last_at)
SELECT zone, what, reason, address, key_name, explanation, count, now(), now()
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
    AS line (zone, what, reason, address, key_name, explanation, count)
 WHERE EXISTS (SELECT FROM zone WHERE zone.key = line.zone)
ON CONFLICT (zone, what, reason, address, key_name)
  DO UPDATE SET count = known.count + excluded.count, explanation = excluded.explanation, last_at = excluded.last_at`;

/** The newest stay; those of zones that are gone leave with the next refusal of any zone. */
const BOUND = `
DELETE FROM zone_refusal r USING (
  SELECT zone, what, reason, address, key_name, row_number() OVER (PARTITION BY zone ORDER BY last_at DESC) AS place FROM zone_refusal) AS ranked
WHERE (r.zone, r.what, r.reason, r.address, r.key_name) = (ranked.zone, ranked.what, ranked.reason, ranked.address, ranked.key_name)
  AND ((ranked.zone = ANY($1) AND ranked.place > $2) OR NOT EXISTS (SELECT FROM zone WHERE zone.key = r.zone))`;
