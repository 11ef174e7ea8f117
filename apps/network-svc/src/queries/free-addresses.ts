/**
 * The lowest addresses of ranges that nobody has. What a search looks at does not grow with the addresses that are taken: it begins
 * where an earlier one of this process has ended, as long as none below has been given back. That only says where to look: what is
 * free the database says, and when nothing is found, it is looked for from the beginning.
 */
import { contains, formatAddress, parseAddress, type Range } from '../domain/ip-address';
import type { Queryable } from './database';

/** Who has addresses of what: columns of the table's primary key are the owner and `address`. */
export type Pool = { readonly table: 'port_address'; readonly owner: 'network_id' } | { readonly table: 'uplink_address'; readonly owner: 'uplink_id' };
export const ON_NETWORK: Pool = { table: 'port_address', owner: 'network_id' };
export const ON_UPLINK: Pool = { table: 'uplink_address', owner: 'uplink_id' };

interface Beginning {
  range: Range;
  from: bigint;
}
/** By owner and range. */
const beginnings = new Map<string, Map<string, Beginning>>();
const beginningOf = (ownerId: string, range: Range): Beginning => {
  const ofOwner = beginnings.get(ownerId) ?? new Map<string, Beginning>();
  beginnings.set(ownerId, ofOwner);
  const key = `${range.first}-${range.last}`;
  const known = ofOwner.get(key) ?? { range, from: range.first };
  ofOwner.set(key, known);
  return known;
};

/** An owner has these again: whoever takes them away says so. */
export function givenBack(ownerId: string, addresses: readonly string[]): void {
  for (const address of addresses.flatMap((text) => parseAddress(text) ?? [])) {
    for (const beginning of beginnings.get(ownerId)?.values() ?? [])
      if (contains(beginning.range, address) && address.value < beginning.from) beginning.from = address.value;
  }
}

/** At most `count`, those of earlier ranges first. @param except addresses that are not to be given away at all */
export async function findFree(db: Queryable, pool: Pool, ownerId: string, ranges: readonly Range[], wanted: { except: readonly string[]; count: number }) {
  const all = ranges.map((range) => beginningOf(ownerId, range));
  const begun = all.some(({ range, from }) => from > range.first);
  const found = await search(db, pool, ownerId, all, wanted);
  if (found.length > 0 || !begun) return found;
  for (const beginning of all) beginning.from = beginning.range.first;
  return search(db, pool, ownerId, all, wanted);
}

const WINDOW = 64;

async function search(
  db: Queryable,
  { table, owner }: Pool,
  ownerId: string,
  beginnings: readonly Beginning[],
  { except, count }: { except: readonly string[]; count: number },
): Promise<string[]> {
  const found: string[] = [];
  for (const beginning of beginnings) {
    const { range } = beginning;
    let isFirst = true;
    for (let from = beginning.from, window = WINDOW; from <= range.last && found.length < count; from += BigInt(window), window *= 4) {
      const left = range.last - from;
      // LIMIT keeps it at one look into the index for each address.
      const { rows } = await db.query<{ address: string }>({
        name: `free_in_${table}`,
        text: `SELECT host(c.address) AS address FROM (SELECT $2::inet + generate_series(0, $3::bigint) AS address) c
                 LEFT JOIN LATERAL (SELECT true AS taken FROM ${table} t WHERE t.${owner} = $1 AND t.address = host(c.address) LIMIT 1) t ON true
                WHERE t.taken IS NULL AND NOT host(c.address) = ANY ($4) LIMIT $5`,
        values: [ownerId, formatAddress({ ...range, value: from }), String(left < window ? left : window - 1), except, count - found.length],
      });
      const [first] = rows.flatMap(({ address }) => parseAddress(address) ?? []);
      if (isFirst) beginning.from = first?.value ?? from + BigInt(window);
      isFirst &&= first === undefined;
      found.push(...rows.map(({ address }) => address));
    }
  }
  return found;
}
