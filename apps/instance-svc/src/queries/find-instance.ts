import { WeftError, type InstanceSpec } from '@weft/contracts';
import type { LiveInstance, LiveStatus } from '../domain/instance.state';
import type { Queryable } from './find-resources';

export interface InstanceRow {
  id: string;
  member: string;
  status: LiveStatus;
  epoch: number;
  spec: InstanceSpec;
}

/** The instance of that name, or `instance.not-found`. */
export async function findInstance(db: Queryable, project: string, name: string): Promise<InstanceRow> {
  const { rows } = await db.query<{ id: string; member: string; status: LiveStatus; epoch: number; spec: string }>({
    name: 'find-instance',
    text: 'SELECT id, member, status, epoch, spec FROM instance WHERE project = $1 AND name = $2',
    values: [project, name],
  });
  const [row] = rows;
  if (!row) throw new WeftError('instance.not-found', 'Instance not found');
  return { ...row, spec: JSON.parse(row.spec) as InstanceSpec };
}

export async function findInstanceById(db: Queryable, id: string): Promise<(InstanceRow & { state: LiveInstance }) | undefined> {
  const { rows } = await db.query<{ id: string; member: string; status: LiveStatus; epoch: number; spec: string; state: string }>({
    name: 'find-instance-by-id',
    text: 'SELECT id, member, status, epoch, spec, state FROM instance WHERE id = $1',
    values: [id],
  });
  const [row] = rows;
  return row && { ...row, spec: JSON.parse(row.spec) as InstanceSpec, state: JSON.parse(row.state) as LiveInstance };
}

/** Whether an operation that sends it somewhere else holds it. */
export async function isMigrating(db: Queryable, id: string): Promise<boolean> {
  const text = `SELECT FROM instance WHERE id = $1 AND locked AND state::json #>> '{lock,kind}' = 'migrate'`;
  const { rows } = await db.query({ name: 'is-migrating', text, values: [id] });
  return rows.length > 0;
}

/** The instance whose `volatile.uuid` that is, in whatever project. Reads all of them: for what is rare. */
export async function findInstanceByUuid(db: Queryable, uuid: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>({
    name: 'find-instance-by-uuid',
    text: 'SELECT id FROM instance WHERE strpos(state, $1) > 0 LIMIT 1',
    values: [`"volatile.uuid":${JSON.stringify(uuid)}`],
  });
  return rows[0]?.id;
}

/** Names of a project's instances with their status, for bulk changes. */
export async function listInstances(db: Queryable, project: string): Promise<{ id: string; name: string; status: LiveStatus }[]> {
  const { rows } = await db.query<{ id: string; name: string; status: LiveStatus }>('SELECT id, name, status FROM instance WHERE project = $1 ORDER BY name', [
    project,
  ]);
  return rows;
}

export async function countInstances(db: Queryable, project: string): Promise<{ containers: number; virtualMachines: number }> {
  const { rows } = await db.query<{ containers: number; vms: number }>(
    `SELECT count(*) FILTER (WHERE type = 'container')::int AS containers, count(*) FILTER (WHERE type <> 'container')::int AS vms FROM instance WHERE project = $1`,
    [project],
  );
  return { containers: rows[0]?.containers ?? 0, virtualMachines: rows[0]?.vms ?? 0 };
}
