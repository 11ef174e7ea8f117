/** What Postgres knows about a projection's tables: enough to make them again elsewhere and to swap them in. */
import type { ClientBase } from 'pg';
import { identifier, qualified } from '../schema/sql';

export interface TableShape {
  name: string;
  /** Constraints with their names; foreign keys come last because they need the others. */
  constraints: { name: string; type: string; definition: string; references: string | null }[];
  /** CREATE INDEX statements of indexes that no constraint owns. */
  indexes: string[];
  /** GRANT statements. */
  grants: string[];
}

export interface ViewShape {
  name: string;
  schema: string;
  definition: string;
  owner: string;
  options: string[] | null;
  grants: string[];
}

const GRANTS = (relation: string): string => `
  SELECT format('GRANT %s ON %s TO %s%s', string_agg(DISTINCT acl.privilege_type, ', '), ${relation}::regclass::text,
           CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
           CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS sql
    FROM pg_class c, aclexplode(c.relacl) acl WHERE c.oid = ${relation}
   GROUP BY acl.grantee, acl.is_grantable`;

/** Names are qualified in everything read here: the caller has emptied the search path. @throws Error for an unsupported table */
export async function readTable(client: ClientBase, schema: string, name: string): Promise<TableShape> {
  const { rows: found } = await client.query<{ oid: string; serial: boolean; triggers: boolean }>(
    `SELECT c.oid::text, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS triggers,
            EXISTS (SELECT FROM pg_attrdef d WHERE d.adrelid = c.oid AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%') AS serial
       FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind = 'r'`,
    [qualified(schema, name)],
  );
  const table = found[0];
  if (!table) throw new Error(`projection table ${name} does not exist`);
  if (table.triggers || table.serial) throw new Error(`projection table ${name} has triggers or serial columns, which a rebuild does not carry over`);
  const constraints = await client.query<TableShape['constraints'][number]>(
    `SELECT conname AS name, contype AS type, pg_get_constraintdef(oid) AS definition,
            CASE WHEN confrelid <> 0 THEN confrelid::regclass::text END AS references
       FROM pg_constraint WHERE conrelid = $1 AND contype IN ('p', 'u', 'c', 'x', 'f') ORDER BY contype = 'f', conname`,
    [table.oid],
  );
  const indexes = await client.query<{ sql: string }>(
    `SELECT pg_get_indexdef(i.indexrelid) AS sql FROM pg_index i
      WHERE i.indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = $1 AND k.contype IN ('p', 'u', 'x'))`,
    [table.oid],
  );
  const grants = await client.query<{ sql: string }>(GRANTS('$1::oid'), [table.oid]);
  return { name, constraints: constraints.rows, indexes: indexes.rows.map(({ sql }) => sql), grants: grants.rows.map(({ sql }) => sql) };
}

/** Foreign keys of other tables that point at these: they must be moved over in the swap. */
export async function readInboundKeys(
  client: ClientBase,
  schema: string,
  tables: readonly string[],
): Promise<{ table: string; name: string; definition: string }[]> {
  const { rows } = await client.query<{ table: string; name: string; definition: string }>(
    `SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
      WHERE contype = 'f' AND confrelid = ANY($1::regclass[]) AND NOT conrelid = ANY($1::regclass[])`,
    [tables.map((table) => qualified(schema, table))],
  );
  return rows.map((row) => ({ ...row, name: identifier(row.name) }));
}

/** Views that depend on the tables, directly or through other views, in the order in which they can be created. */
export async function readViews(client: ClientBase, schema: string, tables: readonly string[]): Promise<ViewShape[]> {
  const { rows } = await client.query<ViewShape & { oid: string; kind: string }>(
    `WITH RECURSIVE dependent(oid, depth) AS (
       SELECT r.oid, 0 FROM unnest($1::regclass[]) AS r(oid)
       UNION
       SELECT w.ev_class, d.depth + 1 FROM dependent d
         JOIN pg_depend p ON p.refclassid = 'pg_class'::regclass AND p.refobjid = d.oid AND p.classid = 'pg_rewrite'::regclass
         JOIN pg_rewrite w ON w.oid = p.objid AND w.ev_class <> d.oid)
     SELECT c.oid::text, c.relkind AS kind, c.relname AS name, n.nspname AS schema, pg_get_viewdef(c.oid) AS definition,
            pg_get_userbyid(c.relowner) AS owner, c.reloptions AS options
       FROM (SELECT oid, max(depth) AS depth FROM dependent GROUP BY oid) d
       JOIN pg_class c ON c.oid = d.oid AND c.relkind IN ('v', 'm') JOIN pg_namespace n ON n.oid = c.relnamespace
      ORDER BY d.depth`,
    [tables.map((table) => qualified(schema, table))],
  );
  const views: ViewShape[] = [];
  for (const { oid, kind, ...view } of rows) {
    if (kind === 'm') throw new Error(`materialized view ${view.name} depends on a projection; a rebuild does not carry it over`);
    const grants = await client.query<{ sql: string }>(GRANTS('$1::oid'), [oid]);
    views.push({ ...view, grants: grants.rows.map(({ sql }) => sql) });
  }
  return views;
}
