/** Quotes an SQL identifier (PostgreSQL manual, 4.1.1): names of schemas and tables cannot be bound as parameters. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A schema-qualified, quoted name. */
export const qualified = (schema: string, name: string): string => `${identifier(schema)}.${identifier(name)}`;

/** Quotes an SQL string literal for the few places (DDL) where parameters are not allowed. */
export const literal = (text: string): string =>
  text.includes('\\') ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`;
