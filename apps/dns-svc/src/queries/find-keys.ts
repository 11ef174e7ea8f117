import type { Queryable } from './find-zones';

/** The TSIG keys of a zone by the references that its configuration has. */
export async function findKeys(db: Queryable, zoneId: string): Promise<Map<string, string>> {
  const { rows } = await db.query<{ reference: string; key: string }>({
    name: 'zone_keys',
    text: 'SELECT reference, key FROM zone_secret WHERE zone_id = $1',
    values: [zoneId],
  });
  return new Map(rows.map(({ reference, key }) => [reference, key]));
}
