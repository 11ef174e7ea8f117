import { type ColumnType, type DatabaseSchema, shapeOf } from './schema';

/** Tables, and of each the columns, that a client cannot do without; `true`: all that the model knows. */
export type RequiredTables<Tables extends object> = { readonly [T in keyof Tables]?: true | readonly (keyof Tables[T] & string)[] };

export interface SchemaRequirements<Tables extends object = object> {
  /** Default: every table and column of the model. */
  readonly required?: RequiredTables<Tables>;
  /** x.y.z: the oldest version of the schema that will do. */
  readonly minVersion?: string;
}

/**
 * What keeps a client with this model from using a server with that schema; empty when all is well. More tables, columns and newer
 * versions on the server are fine: schemas grow with every release.
 */
export function schemaProblems(model: DatabaseSchema, server: DatabaseSchema, requirements: SchemaRequirements = {}): string[] {
  const problems: string[] = [];
  if (requirements.minVersion && compareVersions(server.version, requirements.minVersion) < 0)
    problems.push(`version ${server.version} is older than ${requirements.minVersion}`);
  const everything = Object.fromEntries(Object.keys(model.tables).map((name) => [name, true as const]));
  const required: Readonly<Record<string, true | readonly string[]>> = { ...(requirements.required ?? everything) };
  for (const [tableName, columns] of Object.entries(required)) {
    const [wanted, present] = [model.tables[tableName], server.tables[tableName]];
    if (!wanted || !present) {
      problems.push(`table ${tableName} is missing`);
      continue;
    }
    for (const column of columns === true ? Object.keys(wanted.columns) : columns) {
      const [expected, found] = [wanted.columns[column], present.columns[column]];
      if (!expected || !found) problems.push(`column ${tableName}.${column} is missing`);
      else if (describe(expected.type) !== describe(found.type))
        problems.push(`column ${tableName}.${column} is ${describe(found.type)}, expected ${describe(expected.type)}`);
    }
  }
  return problems;
}

/** What matters for reading and writing: the kinds of atoms and the shape, not limits and enumerations. */
function describe(type: ColumnType): string {
  return `${shapeOf(type)} of ${type.key.type}${type.value ? ` to ${type.value.type}` : ''}`;
}

/** Negative, zero or positive, as for Array.sort. */
function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
