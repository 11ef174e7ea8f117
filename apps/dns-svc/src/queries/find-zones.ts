import { WeftError, type Meta, type ZoneKind } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import type { Pool, PoolClient } from 'pg';
import { requireProject } from '../commands/authorize';
import type { Deps } from '../dns.deps';
import { zoneKeyOf } from '../domain/zone-name';
import { zonesProject } from '../domain/zone-restrictions';
import { zoneFold, zoneStream, type ActiveZone } from '../domain/zone.state';
import { requireZone } from '../domain/zone.decider';

export type Queryable = Pick<Pool | PoolClient, 'query'>;

export interface FoundZone {
  id: string;
  project: string;
  name: string;
  kind: ZoneKind;
}

/** By its name, whatever project it is in: names of zones are unique. */
export async function findZone(db: Queryable, name: string): Promise<FoundZone | undefined> {
  const key = zoneKeyOf(name);
  if (key === undefined) return undefined;
  const { rows } = await db.query<FoundZone>({ name: 'find_zone', text: 'SELECT id, project, name, kind FROM zone WHERE key = $1', values: [key] });
  return rows[0];
}

/**
 * The zone that a command is about, loaded into its unit of work: rows read from here on are at least as new, and the
 * commit fails if the zone has moved on by then.
 * @throws WeftError `network-zone.not-found`, `project.not-found`, `auth.forbidden`
 */
export async function loadZone(deps: Deps, uow: UnitOfWork, meta: Meta, name: string): Promise<ActiveZone> {
  const project = zonesProject(await deps.projects.find(meta.project));
  requireProject(meta, project);
  const found = await findZone(deps.pool, name);
  if (found?.project !== project) throw new WeftError('network-zone.not-found', 'Network zone not found');
  const { state } = await uow.load(zoneFold, zoneStream(found.id));
  return requireZone(state);
}

/** The id of a record by the key of its owner. */
export async function findRecord(db: Queryable, zoneId: string, owner: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>({
    name: 'find_record',
    text: 'SELECT id FROM zone_record WHERE zone_id = $1 AND owner = $2',
    values: [zoneId, owner],
  });
  return rows[0]?.id;
}

export async function isZoneInUse(db: Queryable, key: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM network_zone_use WHERE zone = $1 LIMIT 1', [key]);
  return (rowCount ?? 0) > 0;
}

/** The serial of the last zone of that name; 0 when there never was one. */
export async function lastSerial(db: Queryable, key: string): Promise<number> {
  const { rows } = await db.query<{ serial: string }>('SELECT serial FROM zone_last_serial WHERE key = $1', [key]);
  return Number(rows[0]?.serial ?? 0);
}
