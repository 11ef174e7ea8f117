/** Rows of what zones serve (`zone_content`) and of every change of it (`zone_change`), for a run of events. */
import type { ClientBase } from 'pg';
import type { ZoneEvent, ZoneResourceRecord } from '@weft/contracts';
import type { ProjectedEvent } from '@weft/event-store';

export type ContentChange = Extract<ZoneEvent, { type: 'ZoneContentChanged' }>;
type Row = ZoneResourceRecord & { zoneId: string };

export async function writeContent(client: ClientBase, run: readonly (ProjectedEvent & ContentChange)[]): Promise<void> {
  await insertChanges(client, run);
  // What comes and goes within the run need not be written; the last word on each record counts.
  const last = new Map<string, { row: Row; present: boolean }>();
  for (const { data } of run) {
    for (const record of data.removed) last.set(keyOf(data.id, record), { row: { zoneId: data.id, ...record }, present: false });
    for (const record of data.added) last.set(keyOf(data.id, record), { row: { zoneId: data.id, ...record }, present: true });
  }
  const rows = [...last.values()];
  await remove(
    client,
    rows.map(({ row }) => row),
  );
  await add(
    client,
    rows.filter(({ present }) => present).map(({ row }) => row),
  );
  for (const { data } of lastOfZone(run)) await updateZone(client, data);
}

const keyOf = (zoneId: string, { name, type, value }: ZoneResourceRecord): string => `${zoneId} ${name.toLowerCase()} ${type} ${value}`;
const lastOfZone = <T extends ContentChange>(run: readonly T[]): T[] => [...new Map(run.map((event) => [event.data.id, event])).values()];

async function insertChanges(client: ClientBase, run: readonly (ProjectedEvent & ContentChange)[]): Promise<void> {
  await client.query({
    name: 'zone_change_insert',
    text: `INSERT INTO zone_change (zone_id, change, serial, at, event_id, cause, primary_name, contact, removed, added)
      SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::jsonb[])`,
    values: [
      ...[run.map(({ data }) => data.id), run.map(({ data }) => data.change), run.map(({ data }) => data.serial)],
      ...[run.map(({ meta }) => meta.time), run.map(({ id }) => id), run.map(({ data }) => data.cause ?? null)],
      ...[run.map(({ data }) => data.primary), run.map(({ data }) => data.contact)],
      ...[run.map(({ data }) => JSON.stringify(data.removed)), run.map(({ data }) => JSON.stringify(data.added))],
    ],
  });
}

const columns = (rows: readonly Row[]): unknown[] => [
  rows.map(({ zoneId }) => zoneId),
  rows.map(({ name }) => name.toLowerCase()),
  rows.map(({ type }) => type),
  rows.map(({ value }) => value),
];

async function remove(client: ClientBase, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query({
    name: 'zone_content_remove',
    text: `DELETE FROM zone_content c USING unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS gone(zone_id, owner, type, value)
      WHERE c.zone_id = gone.zone_id AND c.owner = gone.owner AND c.type = gone.type AND md5(c.value) = md5(gone.value)`,
    values: columns(rows),
  });
}

async function add(client: ClientBase, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query({
    name: 'zone_content_add',
    text: `INSERT INTO zone_content (zone_id, owner, type, value, name, ttl)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])`,
    values: [...columns(rows), rows.map(({ name }) => name), rows.map(({ ttl }) => ttl)],
  });
}

/** The serial of a name outlives its zone: a new zone of that name goes on from there, or secondaries would not follow. */
async function updateZone(client: ClientBase, { id, change, serial, primary, contact }: ContentChange['data']): Promise<void> {
  await client.query({
    name: 'zone_serial',
    text: `WITH changed AS (UPDATE zone SET change = $2, serial = $3, primary_name = $4, contact = $5 WHERE id = $1 RETURNING key)
      INSERT INTO zone_last_serial (key, serial) SELECT key, $3 FROM changed ON CONFLICT (key) DO UPDATE SET serial = excluded.serial`,
    values: [id, change, serial, primary, contact],
  });
}
