import type { ZoneResourceRecord } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import type { Deps } from '../dns.deps';
import { contentChanges } from '../domain/content-change';
import { zoneStream, type ActiveZone } from '../domain/zone.state';
import { planOwners, type Owners } from '../queries/find-content';

/**
 * Appends to the zone's log what differs between its content and what it shall be at `owners`; nothing when they agree.
 * The zone must have been loaded into the unit of work before: its version makes every reader of rows repeat when
 * another change was faster.
 */
export async function appendContent(
  deps: Deps,
  uow: UnitOfWork,
  zone: ActiveZone,
  owners: Owners,
  options: { custom?: { owner: string; records: readonly ZoneResourceRecord[] }; cause?: string } = {},
): Promise<void> {
  const { changes, ...soa } = await planOwners(deps.pool, zone, owners, options.custom);
  const events = contentChanges(zone, changes, soa, options.cause);
  uow.append(
    zoneStream(zone.id),
    events.map((event) => ({ ...event, project: zone.project })),
  );
}
