/** Reads of a zone's log: the published view has one row per change, with the records that it removed and added. */
import { WeftError } from '@weft/contracts';
import type { ReadClient } from '../clients/read.client';

/** A moment of a zone's history. */
export interface ZonePoint {
  project: string;
  zone: string;
  change: number;
  serial: number;
  /** RFC 3339: when the content became what it is here. */
  at: string;
  primary: string;
  contact: string;
}

const COLUMNS = `change, serial, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), primary_name, contact`;
const point = (name: string, condition: string) => ({
  name: `network-zone-${name}`,
  sql: `select ${COLUMNS} from dns.network_zone_change_v1 where project = $1 and zone = $2 ${condition} order by change desc limit 1`,
});
const NEWEST = point('newest', '');
const BY_SERIAL = point('by-serial', 'and serial = $3::bigint');
const BY_TIME = point('by-time', 'and at <= $3::timestamptz');

/** @throws WeftError `request.invalid`, `request.not-found` for a serial or a time that the zone never had */
export async function changeAt(reads: ReadClient, project: string, zone: string, { serial, at }: { serial?: string; at?: string }): Promise<ZonePoint> {
  if (serial !== undefined && at !== undefined) throw new WeftError('request.invalid', 'Give a serial or a time, not both');
  if (serial !== undefined && !/^\d{1,10}$/.test(serial)) throw new WeftError('request.invalid', `"${serial}" is no serial: a number from 1 to 4294967295`);
  if (at !== undefined && Number.isNaN(Date.parse(at))) throw new WeftError('request.invalid', `"${at}" is no time such as 2026-01-31T12:00:00Z`);
  const time = at === undefined ? undefined : new Date(at).toISOString();
  const statement = serial !== undefined ? BY_SERIAL : time !== undefined ? BY_TIME : NEWEST;
  const row = await reads.row(statement, [project, zone, ...[serial ?? time].filter((value) => value !== undefined)]);
  if (!row) throw new WeftError('request.not-found', serial !== undefined ? `The zone never had the serial ${serial}` : 'The zone had no content then');
  const [change, has, since, primary, contact] = row;
  return { project, zone, change: Number(change), serial: Number(has), at: since ?? '', primary: primary ?? '', contact: contact ?? '' };
}

/** Every appearance and disappearance of a record, in order. `$3` exclusive, `$4` inclusive. */
const STEPS = `
  select change, 0 as step, false as added, record from dns.network_zone_change_v1, jsonb_array_elements(removed) as record
   where project = $1 and zone = $2 and change > $3::bigint and change <= $4::bigint
  union all
  select change, 1, true, record from dns.network_zone_change_v1, jsonb_array_elements(added) as record
   where project = $1 and zone = $2 and change > $3::bigint and change <= $4::bigint`;
const LIST = (condition: string): string => `coalesce(json_agg(json_build_object('name', record ->> 'name', 'ttl', record -> 'ttl', 'type', record ->> 'type',
  'value', record ->> 'value') order by record ->> 'name', record ->> 'type', record ->> 'value') filter (where ${condition}), '[]')`;

const CONTENT = {
  name: 'network-zone-content',
  sql: `with steps as (${STEPS}), last as (select distinct on (record) record, added from steps order by record, change desc, step desc)
    select ${LIST('added')}::text from last`,
};
/** Records as a JSON array. */
export async function contentAt(reads: ReadClient, { project, zone, change }: Pick<ZonePoint, 'project' | 'zone' | 'change'>): Promise<string> {
  const row = await reads.row(CONTENT, [project, zone, 0, change], 'list');
  return row?.[0] ?? '[]';
}

/** What came and went again is in neither list; the changes name every step, with the event that led to it. */
const DIFFERENCE = {
  name: 'network-zone-diff',
  sql: `with steps as (${STEPS}),
      ends as (select distinct record, first_value(added) over forth as first, first_value(added) over back as last from steps
        window forth as (partition by record order by change, step), back as (partition by record order by change desc, step desc)),
      changes as (select coalesce(json_agg(json_build_object('serial', serial, 'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'event', event_id, 'cause', cause, 'removed', jsonb_array_length(removed), 'added', jsonb_array_length(added)) order by change), '[]') as list
        from dns.network_zone_change_v1 where project = $1 and zone = $2 and change > $3::bigint and change <= $4::bigint)
    select json_build_object('from', $5::bigint, 'to', $6::bigint, 'removed', ${LIST('not first and not last')}, 'added', ${LIST('first and last')},
      'changes', (select list from changes))::text from ends`,
};
export async function differenceOf(reads: ReadClient, from: ZonePoint, to: ZonePoint): Promise<string> {
  const row = await reads.row(DIFFERENCE, [to.project, to.zone, from.change, to.change, from.serial, to.serial], 'list');
  return row?.[0] ?? 'null';
}

const REFUSALS = {
  name: 'network-zone-refusals',
  sql: `select coalesce(json_agg(json_build_object('what', what, 'reason', reason, 'address', address, 'key', key_name, 'explanation', explanation, 'count', count,
      'first_at', to_char(first_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'last_at', to_char(last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      order by last_at desc), '[]')::text from dns.network_zone_refusal_v1 where project = $1 and zone = $2`,
};
/** Newest first. */
export async function refusalsOf(reads: ReadClient, project: string, zone: string): Promise<string> {
  const row = await reads.row(REFUSALS, [project, zone], 'list');
  return row?.[0] ?? '[]';
}
