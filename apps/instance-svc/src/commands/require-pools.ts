import { WeftError, type Devices } from '@weft/contracts';
import type { Queryable } from '../queries/find-resources';

/** Refuses devices that name a storage pool which does not exist (`device.invalid`). */
export async function requirePools(db: Queryable, devices: Devices): Promise<void> {
  const wanted = new Set(Object.values(devices).flatMap((device) => (device.type === 'disk' && device.pool ? [device.pool] : [])));
  if (wanted.size === 0) return;
  const { rows } = await db.query<{ name: string }>('SELECT name FROM storage_pool WHERE name = ANY($1)', [[...wanted]]);
  for (const { name } of rows) wanted.delete(name);
  const [missing] = wanted;
  if (missing !== undefined) throw new WeftError('device.invalid', `The "${missing}" storage pool doesn't exist`);
}
