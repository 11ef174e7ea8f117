import { DNS_ADDRESS_KEY } from '../api/instance-events';
import type { Queryable } from './find-zones';

/** `core.dns_address`, or `unset` while it has no value. */
export async function findDnsAddress(db: Queryable, unset: string): Promise<string> {
  const { rows } = await db.query<{ value: string }>({
    name: 'dns_address',
    text: 'SELECT value FROM server_setting WHERE key = $1',
    values: [DNS_ADDRESS_KEY],
  });
  return rows[0]?.value ?? unset;
}
