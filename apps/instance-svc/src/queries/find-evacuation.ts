/** What evacuations and restores ask again and again until all is done. */
import type { InstanceSpec } from '@weft/contracts';
import type { LiveStatus } from '../domain/instance.state';
import { ORIGIN_KEY } from '../domain/instance.state';
import type { InstanceRow } from './find-instance';
import type { Queryable } from './find-resources';

type Row = Omit<InstanceRow, 'spec' | 'status'> & { status: LiveStatus; spec: string };
const COLUMNS = 'id, member, status, epoch, spec';
const read = (rows: readonly Row[]): InstanceRow[] => rows.map((row) => ({ ...row, spec: JSON.parse(row.spec) as InstanceSpec }));

export async function listResidents(db: Queryable, member: string): Promise<InstanceRow[]> {
  const { rows } = await db.query<Row>({
    name: 'list-residents',
    text: `SELECT ${COLUMNS} FROM instance WHERE member = $1 ORDER BY project, name`,
    values: [member],
  });
  return read(rows);
}

/** Ids of the instances that belong to the member and are elsewhere. Looks at every instance: for once, not for a loop. */
export async function findAbsent(db: Queryable, member: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM instance WHERE member <> $1 AND state LIKE '%${ORIGIN_KEY}%' AND state::json -> 'config' ->> '${ORIGIN_KEY}' = $1 ORDER BY project, name`,
    [member],
  );
  return rows.map(({ id }) => id);
}

export async function listInstancesById(db: Queryable, ids: readonly string[]): Promise<InstanceRow[]> {
  const { rows } = await db.query<Row>({
    name: 'list-instances-by-id',
    text: `SELECT ${COLUMNS} FROM instance WHERE id = ANY($1) ORDER BY project, name`,
    values: [ids],
  });
  return read(rows);
}

/** Sagas of that type about the member that have not ended, or any of these types. */
export async function findMemberWork(db: Queryable, member: string, types: readonly string[]): Promise<string | undefined> {
  const { rows } = await db.query<{ type: string }>(
    `SELECT type FROM saga WHERE status IN ('running', 'unwinding') AND type = ANY($2) AND params ->> 'member' = $1 LIMIT 1`,
    [member, types],
  );
  return rows[0]?.type;
}

/** How many sagas that this one has begun have not ended. */
export async function countBegun(db: Queryable, causationId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'count-begun-sagas',
    text: `SELECT count(*)::int AS count FROM saga WHERE status IN ('running', 'unwinding') AND params -> 'meta' ->> 'causationId' = $1`,
    values: [causationId],
  });
  return rows[0]?.count ?? 0;
}

export interface ErrandEnd {
  ended: boolean;
  /** "" unless it failed. */
  err: string;
}

/** How the operations of these ids stand; those that do not exist are left out. */
export async function findErrands(db: Queryable, ids: readonly string[]): Promise<Map<string, ErrandEnd>> {
  const { rows } = await db.query<{ id: string; status_code: number; err: string }>({
    name: 'find-errands',
    text: `SELECT id, status_code, doc::json ->> 'err' AS err FROM operation WHERE id = ANY($1)`,
    values: [ids],
  });
  return new Map(rows.map(({ id, status_code, err }) => [id, { ended: status_code >= 200, err: status_code > 200 ? err || 'it was cancelled' : '' }]));
}
