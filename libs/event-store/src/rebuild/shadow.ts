/** DDL of a rebuild: shadow tables with the same names in a schema of their own, and the swap. */
import type { ClientBase } from 'pg';
import { identifier, qualified } from '../schema/sql';
import { readInboundKeys, readTable, readViews, type TableShape, type ViewShape } from './catalog';

export interface Shadow {
  schema: string;
  shadow: string;
  retired: string;
  tables: TableShape[];
  /** Statements to run when most of the log is folded, and before the swap. */
  afterFill: string[];
}

/** Creates empty copies: columns, defaults, constraints and indexes with their names, foreign keys among themselves. */
export async function createShadow(client: ClientBase, schema: string, projection: string, names: readonly string[]): Promise<Shadow> {
  const shadow = `${schema}_rebuild_${projection}`;
  const retired = `${schema}_retired_${projection}`;
  await client.query(
    `DROP SCHEMA IF EXISTS ${identifier(shadow)} CASCADE; DROP SCHEMA IF EXISTS ${identifier(retired)} CASCADE; CREATE SCHEMA ${identifier(shadow)}`,
  );
  const tables: TableShape[] = [];
  for (const name of names) tables.push(await readTable(client, schema, name));
  for (const { name, constraints, indexes } of tables) {
    const target = qualified(shadow, name);
    await client.query(`CREATE TABLE ${target} (LIKE ${qualified(schema, name)} INCLUDING ALL EXCLUDING INDEXES EXCLUDING CONSTRAINTS)`);
    for (const constraint of constraints.filter(({ type }) => type !== 'f')) {
      await client.query(`ALTER TABLE ${target} ADD CONSTRAINT ${identifier(constraint.name)} ${constraint.definition}`);
    }
    for (const index of indexes) await client.query(await retarget(client, index, schema, name, shadow));
  }
  const shape: Shadow = { schema, shadow, retired, tables, afterFill: [] };
  for (const { name, key } of keys(shape, 'among')) {
    const definition = key.definition.replace(`REFERENCES ${key.references}(`, `REFERENCES ${shadowOf(key.references!, schema, shadow)}(`);
    const statement = `ALTER TABLE ${qualified(shadow, name)} ADD CONSTRAINT ${identifier(key.name)} ${definition}`;
    // A key that only checks is checked faster at once than row by row; one that acts (cascades) takes part in the fill.
    if (/ ON (DELETE|UPDATE) /.test(definition)) await client.query(statement);
    else shape.afterFill.push(statement);
  }
  return shape;
}

/** Foreign keys among the projection's own tables, or to tables of others. */
function keys({ schema, tables }: Shadow, which: 'among' | 'outward'): { name: string; key: TableShape['constraints'][number] }[] {
  const own = new Set(
    tables.flatMap(({ name }) => [`${schema}.${name}`, qualified(schema, name), `${schema}.${identifier(name)}`, `${identifier(schema)}.${name}`]),
  );
  return tables.flatMap(({ name, constraints }) =>
    constraints.filter(({ references }) => references !== null && own.has(references) === (which === 'among')).map((key) => ({ name, key })),
  );
}

const shadowOf = (reference: string, schema: string, shadow: string): string =>
  reference.replace(reference.startsWith('"') ? `${identifier(schema)}.` : `${schema}.`, `${identifier(shadow)}.`);

/** pg_get_indexdef always qualifies the table: `... ON schema.table USING ...`. */
async function retarget(client: ClientBase, index: string, schema: string, table: string, shadow: string): Promise<string> {
  const { rows } = await client.query<{ from: string }>(`SELECT format(' ON %I.%I USING ', $1::text, $2::text) AS from`, [schema, table]);
  const { from } = rows[0]!;
  if (!index.includes(from)) throw new Error(`cannot carry over index: ${index}`);
  return index.replace(from, ` ON ${qualified(shadow, table)} USING `);
}

/**
 * Puts the shadow tables in the place of the live ones, with their views, grants and foreign keys. Runs inside the
 * transaction that has locked the tables; foreign keys that cross the projection's border come back NOT VALID and are
 * named in the result, to be validated outside the lock.
 */
export async function swapIn(client: ClientBase, shape: Shadow): Promise<string[]> {
  const { schema, shadow, retired, tables } = shape;
  const names = tables.map(({ name }) => name);
  const views = await readViews(client, schema, names);
  const inbound = await readInboundKeys(client, schema, names);
  const unvalidated: string[] = [];
  const statements: string[] = [];
  for (const view of [...views].reverse()) statements.push(`DROP VIEW ${qualified(view.schema, view.name)}`);
  for (const key of inbound) statements.push(`ALTER TABLE ${key.table} DROP CONSTRAINT ${key.name}`);
  statements.push(`CREATE SCHEMA ${identifier(retired)}`);
  for (const name of names) statements.push(`ALTER TABLE ${qualified(schema, name)} SET SCHEMA ${identifier(retired)}`);
  for (const name of names) statements.push(`ALTER TABLE ${qualified(shadow, name)} SET SCHEMA ${identifier(schema)}`);
  for (const { name, key } of keys(shape, 'outward')) {
    statements.push(`ALTER TABLE ${qualified(schema, name)} ADD CONSTRAINT ${identifier(key.name)} ${key.definition} NOT VALID`);
    unvalidated.push(`ALTER TABLE ${qualified(schema, name)} VALIDATE CONSTRAINT ${identifier(key.name)}`);
  }
  for (const key of inbound) {
    statements.push(`ALTER TABLE ${key.table} ADD CONSTRAINT ${key.name} ${key.definition} NOT VALID`);
    unvalidated.push(`ALTER TABLE ${key.table} VALIDATE CONSTRAINT ${key.name}`);
  }
  for (const { grants } of tables) statements.push(...grants);
  for (const view of views) statements.push(...createView(view));
  await client.query(statements.join(';\n'));
  return unvalidated;
}

function createView({ schema, name, definition, owner, options, grants }: ViewShape): string[] {
  const view = qualified(schema, name);
  const settings = options?.length ? ` WITH (${options.join(', ')})` : '';
  return [`CREATE VIEW ${view}${settings} AS ${definition.replace(/;\s*$/, '')}`, `ALTER VIEW ${view} OWNER TO ${identifier(owner)}`, ...grants];
}
