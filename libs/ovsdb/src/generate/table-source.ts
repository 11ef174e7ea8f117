import { type BaseType, type ColumnSchema, type ColumnType, shapeOf, type TableSchema } from '../schema/schema';

/** TypeScript for one table: what its rows look like, and its schema. Not yet formatted. */
export function tableSource(banner: string, name: string, table: TableSchema): string {
  const columns = Object.entries(table.columns);
  const properties = columns.map(([column, schema]) => `${commentOf(schema)}readonly ${JSON.stringify(column)}: ${typeScriptOf(schema.type)};`);
  const usesUuid = columns.some(([, { type }]) => type.key.type === 'uuid' || type.value?.type === 'uuid');
  return [
    banner,
    usesUuid ? "import type { Uuid } from '../../notation/values';" : '',
    "import type { TableSchema } from '../../schema/schema';",
    '',
    `/** ${describeTable(table)} */`,
    `export interface ${name} {`,
    ...properties,
    '}',
    '',
    `export const ${tableConstant(name)}: TableSchema = ${literal(table)};`,
  ].join('\n');
}

/** TypeScript for a database: all its tables. */
export function databaseSource(banner: string, database: { name: string; version: string; tables: readonly string[] }): string {
  const { name, version, tables } = database;
  return [
    banner,
    "import type { Database } from '../../schema/schema';",
    ...tables.map((table) => `import { type ${table}, ${tableConstant(table)} } from './${fileName(table)}.table';`),
    '',
    `export type { ${tables.join(', ')} };`,
    '',
    '/** The types of the rows by the name of their table. */',
    `export interface ${typeName(name)}Tables { ${tables.map((table) => `readonly ${table}: ${table};`).join('\n')} }`,
    '',
    `export const ${name.toUpperCase()}: Database<${typeName(name)}Tables> = {`,
    `name: '${name}', version: '${version}',`,
    `tables: { ${tables.map((table) => `${table}: ${tableConstant(table)}`).join(', ')} },`,
    '};',
  ].join('\n');
}

/** Logical_Switch_Port -> logical-switch-port */
export function fileName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Logical_Switch_Port -> LOGICAL_SWITCH_PORT_TABLE */
function tableConstant(name: string): string {
  return `${name.toUpperCase()}_TABLE`;
}

/** OVN_Northbound -> OvnNorthbound */
function typeName(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + (word === word.toUpperCase() ? word.slice(1).toLowerCase() : word.slice(1)))
    .join('');
}

function typeScriptOf(type: ColumnType): string {
  const atom = atomTypeScript(type.key);
  switch (shapeOf(type)) {
    case 'one':
      return atom;
    case 'optional':
      return `${atom} | null`;
    case 'set':
      return `readonly ${type.key.enum ? `(${atom})` : atom}[]`;
    case 'map':
      return `Readonly<Record<string, ${atomTypeScript(type.value!)}>>`;
  }
}

function atomTypeScript(base: BaseType): string {
  if (base.enum) return base.enum.map((value) => JSON.stringify(value)).join(' | ');
  return { integer: 'number', real: 'number', boolean: 'boolean', string: 'string', uuid: 'Uuid' }[base.type];
}

function describeTable(table: TableSchema): string {
  const indexes = (table.indexes ?? []).map((columns) => `unique: ${columns.join(', ')}`);
  const root = table.isRoot ? 'rows live until they are deleted' : 'rows live as long as something refers to them';
  return [root, ...indexes, ...(table.maxRows === undefined ? [] : [`at most ${table.maxRows} row(s)`])].join('; ');
}

/** What the TypeScript type cannot say; empty when there is nothing. */
function commentOf({ type, mutable, ephemeral }: ColumnSchema): string {
  const notes = [...baseNotes(type.key, type.value ? 'keys ' : ''), ...(type.value ? baseNotes(type.value, '') : [])];
  if (shapeOf(type) === 'set' || type.value) {
    if (type.min > 0) notes.push(`at least ${type.min}`);
    if (type.max !== Infinity) notes.push(`at most ${type.max}`);
  }
  if (mutable === false) notes.push('set on insert only');
  if (ephemeral) notes.push('gone after a restart of the server');
  return notes.length > 0 ? `/** ${notes.join('; ')} */\n` : '';
}

function baseNotes(base: BaseType, prefix: string): string[] {
  const notes: string[] = [];
  if (base.refTable) notes.push(`${prefix}-> ${base.refTable} (${base.refType})`);
  if (base.minInteger !== undefined || base.maxInteger !== undefined) notes.push(`${prefix}${base.minInteger ?? ''}..${base.maxInteger ?? ''}`);
  if (base.maxLength !== undefined) notes.push(`${prefix}at most ${base.maxLength} characters`);
  return notes;
}

/** JSON, except that JSON has no Infinity. */
function literal(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (part === Infinity ? '@unlimited' : part)).replaceAll('"@unlimited"', 'Infinity');
}
