/** Quotes an SQL identifier (PostgreSQL manual, 4.1.1): names of schemas and tables cannot be bound as parameters. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A schema-qualified, quoted name. */
export const qualified = (schema: string, name: string): string => `${identifier(schema)}.${identifier(name)}`;

/** Quotes an SQL string literal for the few places (DDL) where parameters are not allowed. */
export const literal = (text: string): string =>
  text.includes('\\') ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`;

/** An array of numbers as Postgres reads it (manual, 8.15.6). */
export const numberArray = (numbers: readonly (number | null)[]): string => `{${numbers.map((number) => number ?? 'NULL').join(',')}}`;

/** An array of texts as Postgres reads it: each in quotes, quotes and backslashes escaped. */
export const textArray = (texts: readonly string[]): string => (texts.length === 0 ? '{}' : `{"${texts.map(escapeElement).join('","')}"}`);

const escapeElement = (text: string): string => (/["\\]/.test(text) ? text.replaceAll(/["\\]/g, '\\$&') : text);

/** A JSON array of texts that are JSON already. */
export const jsonArray = (texts: readonly string[]): string => `[${texts.join(',')}]`;
