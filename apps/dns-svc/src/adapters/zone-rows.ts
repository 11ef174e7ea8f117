/** From rows to what libs/dns serves. The history is what the log says: differences in order, each from the serial before. */
import type { ZoneResourceRecord } from '@weft/contracts';
import {
  parseName,
  parseRecord,
  ZoneContent,
  ZoneHistory,
  type Name,
  type ServedZone,
  type StartOfAuthority,
  type ZoneDifference,
  type ZoneRecord,
} from '@weft/dns';
import type { Pool, PoolClient } from 'pg';
import { SOA_SECONDS } from '../domain/owner-content';
import { parseZoneName } from '../domain/zone-name';
import { accessOf } from './zone-access';

export interface ZoneRow {
  id: string;
  name: string;
  etag: string;
  change: string;
  config: Record<string, string>;
}
export interface HeldZone {
  apex: Name;
  etag: string;
  change: number;
  history: ZoneHistory;
  zone: ServedZone;
}
interface ChangeRow {
  change: string;
  serial: string;
  primary_name: string;
  contact: string;
  removed: ZoneResourceRecord[];
  added: ZoneResourceRecord[];
}

/** Records of differences that are kept per zone; secondaries that are further behind get the whole zone. */
const HISTORY_RECORDS = 50_000;
const HISTORY_CHANGES = 5_000;
const CHANGES = 'SELECT change, serial, primary_name, contact, removed, added FROM zone_change WHERE zone_id = $1';

/** @throws Error when the rows do not continue what is held */
export async function followZone(pool: Pool, known: HeldZone, row: ZoneRow): Promise<HeldZone> {
  const { rows } = await pool.query<ChangeRow>({ name: 'zone_changes', text: `${CHANGES} AND change > $2 ORDER BY change`, values: [row.id, known.change] });
  let { history } = known;
  let { content } = known.zone;
  for (const next of rows) {
    const step = differenceOf(content.soa, next);
    content = content.apply(step);
    history = history.add(step, HISTORY_RECORDS);
  }
  return heldOf(known.apex, row, Number(rows.at(-1)?.change ?? known.change), content, history);
}

/** Content and history as of one moment. */
export async function readZone(pool: Pool, row: ZoneRow): Promise<HeldZone | undefined> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const held = await readIn(client, row);
    await client.query('COMMIT');
    return held;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** Undefined when the zone has gone meanwhile: every zone has a first change. */
async function readIn(client: PoolClient, row: ZoneRow): Promise<HeldZone | undefined> {
  const { rows: records } = await client.query<ZoneResourceRecord>('SELECT name, ttl::float8 AS ttl, type, value FROM zone_content WHERE zone_id = $1', [
    row.id,
  ]);
  const { rows: changes } = await client.query<ChangeRow>(`${CHANGES} ORDER BY change DESC LIMIT ${HISTORY_CHANGES}`, [row.id]);
  const [newest] = changes;
  if (!newest) return undefined;
  const apex = parseZoneName(row.name);
  const content = ZoneContent.build({ apex, soa: soaOf(newest), records: records.map(zoneRecord) });
  const steps = [...changes].reverse();
  const history = steps.slice(1).reduce((past, step, index) => past.add(differenceOf(soaOf(steps[index]!), step), HISTORY_RECORDS), ZoneHistory.empty);
  return heldOf(apex, row, Number(newest.change), content, history);
}

const heldOf = (apex: Name, row: ZoneRow, change: number, content: ZoneContent, history: ZoneHistory): HeldZone => ({
  ...{ apex, etag: row.etag, change, history },
  zone: { content, differencesSince: (from) => (from === content.soa.serial ? [] : history.since(from)), ...accessOf(row.name, row.config) },
});

const soaOf = ({ serial, primary_name, contact }: Pick<ChangeRow, 'serial' | 'primary_name' | 'contact'>): StartOfAuthority => ({
  mname: parseName(primary_name),
  rname: parseName(contact),
  serial: Number(serial),
  refreshSeconds: SOA_SECONDS.refresh,
  retrySeconds: SOA_SECONDS.retry,
  expireSeconds: SOA_SECONDS.expire,
  minimumSeconds: SOA_SECONDS.minimum,
  ttlSeconds: SOA_SECONDS.ttl,
});

const differenceOf = (from: StartOfAuthority, change: ChangeRow): ZoneDifference => ({
  from,
  to: soaOf(change),
  removed: change.removed.map(zoneRecord),
  added: change.added.map(zoneRecord),
});

function zoneRecord({ name, ttl, type, value }: ZoneResourceRecord): ZoneRecord {
  const parsed = parseRecord(type, value);
  return { owner: parseName(name), type: parsed.type, ttlSeconds: ttl, rdata: parsed.rdata };
}
