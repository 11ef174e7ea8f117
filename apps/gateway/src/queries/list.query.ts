/**
 * Collections as LXD gives them, in one query: Postgres puts the ready documents side by side and the result is the
 * JSON array's inside. Only a list of URLs (recursion 0) is put together here, because names need URL escaping.
 */
import { createHash } from 'node:crypto';
import { compileFilter } from '../domain/filter-sql';
import { parseFilter } from '../domain/filter';
import { resourceUrl } from '../domain/resource-url';
import { usedByShown } from '../domain/used-by';
import type { ReadClient, Statement } from '../clients/read.client';

export interface Collection {
  view: string;
  /** Path below /1.0: ["images", "aliases"]. */
  path: readonly string[];
  /** The column that names an object in its URL. */
  key: string;
  /** Whether the view has a `project` column, which then shows in URLs. */
  projects: boolean;
  /** Filter fields that are columns of the view. */
  columns: Readonly<Record<string, string>>;
  /** SQL; by project and key when unset. */
  order?: string;
  /** Document column for recursion 2; recursion 1 is always `doc`. */
  full?: string;
  /** SQL of `doc` for a restricted client; `$<parameter>` has `namedProjects`. Unset: `domain/used-by.ts`. */
  shown?(parameter: number): string;
}

/** A condition with its parameters; `$1` is the first. */
export interface Scope {
  sql: string;
  parameters: readonly unknown[];
  /** For collections that several projects share: `used_by` names objects of these projects only (domain/used-by.ts). */
  namedProjects?: readonly string[];
}

export const EVERYTHING: Scope = { sql: 'true', parameters: [] };

/** The rendered JSON array. `filter` is the text of `?filter=`. Throws `request.invalid` for a wrong filter. */
export async function listJson(reads: ReadClient, collection: Collection, scope: Scope, recursion: 0 | 1 | 2, filter = ''): Promise<string> {
  const { statement, parameters } = listQuery(collection, scope, recursion, filter);
  const rows = await reads.rows(statement, parameters, 'list');
  if (recursion !== 0) return rows[0]?.[0] ?? '[]';
  return JSON.stringify(rows.map(([key, owner]) => resourceUrl([...collection.path, key ?? ''], owner ?? 'default')));
}

/**
 * One row with the JSON array, or for recursion 0 a row (key, project) for each object. Without a user's filter the
 * statement is always the same text and has a name: worth preparing.
 */
export function listQuery(collection: Collection, scope: Scope, recursion: 0 | 1 | 2, filter = ''): { statement: Statement; parameters: readonly unknown[] } {
  const parsed = parseFilter(filter);
  const scoped = scope.namedProjects ? [...scope.parameters, scope.namedProjects] : scope.parameters;
  const condition = parsed ? compileFilter(parsed, scoped.length + 1, collection.columns) : undefined;
  const where = condition ? `(${scope.sql}) and ${condition.sql}` : scope.sql;
  const parameters = condition ? [...scoped, ...condition.parameters] : scoped;
  const view = scope.namedProjects ? shownView(collection, scoped.length) : collection.view;
  const order = collection.order ?? (collection.projects ? `project, ${collection.key}` : collection.key);
  const project = collection.projects ? 'project' : `'default'`;
  const sql =
    recursion === 0
      ? `select ${collection.key}, ${project} from ${view} where ${where} order by ${order}`
      : `select '[' || coalesce(string_agg(${recursion === 2 ? (collection.full ?? 'doc') : 'doc'}, ',' order by ${order}), '') || ']' from ${view} where ${where}`;
  const name = condition ? undefined : `list:${createHash('sha256').update(sql).digest('base64')}`;
  return { statement: { name, sql }, parameters };
}

/** Filters must not see what the reader does not: the view's `doc` is replaced before anything looks at it. */
function shownView({ view, key, projects, columns, shown = usedByShown }: Collection, parameter: number): string {
  const names = new Set([key, ...(projects ? ['project'] : []), ...Object.values(columns)]);
  return `(select ${[...names].join(', ')}, ${shown(parameter)} as doc from ${view}) as shown`;
}

/** `?recursion=`; anything but 1 and 2 counts as 0, as in LXD. */
export function recursionOf(query: Readonly<Record<string, string>>): 0 | 1 | 2 {
  if (query.recursion === '1') return 1;
  return query.recursion === '2' ? 2 : 0;
}
