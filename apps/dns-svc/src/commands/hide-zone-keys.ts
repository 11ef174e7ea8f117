import { newId } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import type { Deps } from '../dns.deps';
import { checkZoneConfig } from '../domain/zone.config-keys';
import { hideKeys, isReference } from '../domain/zone-secrets';
import { findKeys } from '../queries/find-keys';

/**
 * The configuration that a client sent, with references in place of keys; the keys are written in the transaction of the
 * append. @throws WeftError `config.invalid`
 */
export async function hideZoneKeys(
  deps: Deps,
  uow: UnitOfWork,
  zone: { id: string; name: string; config: Readonly<Record<string, string>> },
  sent: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  checkZoneConfig(zone.name, sent);
  const { config, added } = hideKeys(sent, { config: zone.config, keys: await findKeys(deps.pool, zone.id) }, newId);
  if (added.length > 0) {
    uow.inTransaction(async (client) => {
      await client.query('INSERT INTO zone_secret (zone_id, reference, key) SELECT $1, * FROM unnest($2::text[], $3::text[])', [
        ...[zone.id, added.map(({ reference }) => reference), added.map(({ key }) => key)],
      ]);
    });
  }
  return config;
}

/** Keys that the zone's configuration no longer refers to. `config`: what remains of it. */
export function forgetZoneKeys(uow: UnitOfWork, zoneId: string, config: Readonly<Record<string, string>>): void {
  const kept = Object.values(config).filter(isReference);
  uow.inTransaction(async (client) => {
    await client.query('DELETE FROM zone_secret WHERE zone_id = $1 AND reference <> ALL($2::text[])', [zoneId, kept]);
  });
}
