import type { ZoneRecordEvent } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import type { Deps } from '../dns.deps';
import { parseEntries, recordOwner } from '../domain/zone-record.entries';
import type { ActiveZone } from '../domain/zone.state';
import { appendContent } from './append-content';

/** A record's events, and with them what they change in the zone at the record's owner: one transaction, one truth. */
export async function appendRecord(
  deps: Deps,
  uow: UnitOfWork,
  zone: ActiveZone,
  owner: string,
  stream: string,
  events: readonly ZoneRecordEvent[],
): Promise<void> {
  uow.append(
    stream,
    events.map((event) => ({ ...event, project: zone.project })),
  );
  for (const { data } of events) {
    const records = 'entries' in data ? parseEntries(recordOwner(zone.name, data.name), data.entries) : [];
    await appendContent(deps, uow, zone, [owner], { custom: { owner, records } });
  }
}
