import { isId } from '@weft/contracts';
import type { ReadClient } from '../clients/read.client';
import type { Scope } from './list.query';

const GET = { name: 'operation', sql: 'select doc, project, status_code, class from instance.operation_v1 where id = $1' };

export interface FoundOperation {
  doc: string;
  project: string;
  statusCode: number;
  class: string;
}

export async function findOperation(reads: ReadClient, id: string): Promise<FoundOperation | undefined> {
  if (!isId(id)) return undefined;
  const row = await reads.row(GET, [id]);
  return row ? { doc: row[0] ?? 'null', project: row[1] ?? 'default', statusCode: Number(row[2]), class: row[3] ?? 'task' } : undefined;
}

/** Operations are kept for good; the list shows, as LXD's does, those that run and those that ended within 5 s. */
const RECENT = `(status_code < 200 or updated_at > now() - interval '5 seconds')`;

/** `{"running":[...],"success":[...]}`: URLs for recursion 0, objects otherwise. */
export async function listOperations(reads: ReadClient, scope: Scope, recursion: 0 | 1 | 2): Promise<string> {
  const item = recursion === 0 ? `to_json('/1.0/operations/' || id)::text` : 'doc';
  const sql = `select lower(doc::jsonb ->> 'status') as status, string_agg(${item}, ',' order by id) from instance.operation_v1 where (${scope.sql}) and ${RECENT} group by 1 order by 1`;
  const rows = await reads.rows({ sql }, scope.parameters, 'list');
  return `{${rows.map(([status, items]) => `${JSON.stringify(status)}:[${items ?? ''}]`).join(',')}}`;
}
