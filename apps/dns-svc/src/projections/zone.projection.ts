/**
 * Zones, their custom records, their content and its history, from the log. One projection: records and content refer to
 * their zone, and a rebuild makes all of them together.
 */
import type { ClientBase } from 'pg';
import { sortedMap, type ZoneEvent, type ZoneRecordEvent } from '@weft/contracts';
import type { InlineProjection, ProjectedEvent } from '@weft/event-store';
import { tsigKeyNames } from '../domain/zone.config-keys';
import { zoneEtag } from '../domain/zone.state';
import { nameKeyText, parseZoneName, zoneKind } from '../domain/zone-name';
import { recordOwner } from '../domain/zone-record.entries';
import { lxdEntries, recordEtag } from '../domain/zone-record.state';
import { writeContent, type ContentChange } from './zone-content.rows';

type Event = ProjectedEvent & (ZoneEvent | ZoneRecordEvent);
type Zone = Extract<ZoneEvent, { type: 'ZoneCreated' }>['data'];
type ZoneRecord = Extract<ZoneRecordEvent, { type: 'ZoneRecordCreated' }>['data'];

export const zoneProjection: InlineProjection = {
  name: 'zone',
  tables: ['zone', 'zone_tsig_key', 'zone_record', 'zone_content', 'zone_change', 'zone_last_serial'],
  handles: ['ZoneCreated', 'ZoneUpdated', 'ZoneDeleted', 'ZoneContentChanged', 'ZoneRecordCreated', 'ZoneRecordUpdated', 'ZoneRecordDeleted'],
  async project(events, client) {
    for (const run of runsOf(events as readonly Event[])) await write(client, run);
  },
};

/** Neighbours of one type in log order: changes and records come in long runs when a log is folded again. */
function* runsOf(events: readonly Event[]): Generator<Event[]> {
  let run: Event[] = [];
  for (const event of events) {
    if (run.length > 0 && run[0]!.type !== event.type) {
      yield run;
      run = [];
    }
    run.push(event);
  }
  if (run.length > 0) yield run;
}

async function write(client: ClientBase, run: readonly Event[]): Promise<void> {
  const [first] = run;
  switch (first?.type) {
    case undefined:
      return;
    case 'ZoneCreated':
      for (const { data } of run) await insertZone(client, data as Zone);
      return;
    case 'ZoneUpdated':
      for (const { data } of run) await updateZone(client, data as Zone);
      return;
    case 'ZoneDeleted':
      await client.query('DELETE FROM zone WHERE id = ANY($1)', [run.map(({ data }) => data.id)]);
      return;
    case 'ZoneContentChanged':
      return writeContent(client, run as readonly (ProjectedEvent & ContentChange)[]);
    case 'ZoneRecordCreated':
      return insertRecords(
        client,
        run.map(({ data }) => data as ZoneRecord),
      );
    case 'ZoneRecordUpdated':
      for (const { data } of run) await updateRecord(client, data as ZoneRecord);
      return;
    case 'ZoneRecordDeleted':
      await client.query('DELETE FROM zone_record WHERE id = ANY($1)', [run.map(({ data }) => data.id)]);
      return;
    default:
      return first satisfies never;
  }
}

const keyOf = ({ name }: Zone): string => nameKeyText(parseZoneName(name));

async function insertZone(client: ClientBase, zone: Zone): Promise<void> {
  await client.query('INSERT INTO zone (id, project, name, key, kind, config, head, etag) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', [
    ...[zone.id, zone.project, zone.name, keyOf(zone), zoneKind(keyOf(zone))],
    ...[JSON.stringify(zone.config), zoneHead(zone), zoneEtag(zone)],
  ]);
  await writeKeys(client, zone);
}

async function updateZone(client: ClientBase, zone: Zone): Promise<void> {
  const values = [zone.id, JSON.stringify(zone.config), zoneHead(zone), zoneEtag(zone)];
  await client.query('UPDATE zone SET config = $2, head = $3, etag = $4 WHERE id = $1', values);
  await client.query('DELETE FROM zone_tsig_key WHERE zone_id = $1', [zone.id]);
  await writeKeys(client, zone);
}

const writeKeys = (client: ClientBase, { id, name, config }: Zone): Promise<unknown> =>
  client.query('INSERT INTO zone_tsig_key (zone_id, name) SELECT $1, unnest($2::text[])', [id, tsigKeyNames(name, config)]);

/** LXD: description, config, name, used_by. */
const zoneHead = ({ description, config, name }: Zone): string =>
  `{"description":${JSON.stringify(description)},"config":${JSON.stringify(sortedMap(config))},"name":${JSON.stringify(name)}`;

async function insertRecords(client: ClientBase, records: readonly ZoneRecord[]): Promise<void> {
  await client.query(
    `INSERT INTO zone_record (id, zone_id, name, owner, entries, doc, etag)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[])`,
    [
      ...[records.map(({ id }) => id), records.map(({ zoneId }) => zoneId), records.map(({ name }) => name)],
      ...[records.map(({ zone, name }) => nameKeyText(recordOwner(zone, name))), records.map(({ entries }) => JSON.stringify(entries))],
      ...[records.map(recordDoc), records.map(recordEtag)],
    ],
  );
}

async function updateRecord(client: ClientBase, record: ZoneRecord): Promise<void> {
  const values = [record.id, JSON.stringify(record.entries), recordDoc(record), recordEtag(record)];
  await client.query({ name: 'zone_record_update', text: 'UPDATE zone_record SET entries = $2, doc = $3, etag = $4 WHERE id = $1', values });
}

/** LXD: description, entries, config, name. */
const recordDoc = ({ description, entries, config, name }: ZoneRecord): string =>
  JSON.stringify({ description, entries: lxdEntries(entries), config: sortedMap(config), name });
