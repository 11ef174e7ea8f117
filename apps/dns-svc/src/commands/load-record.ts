import { WeftError } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import type { Deps } from '../dns.deps';
import { recordOwner } from '../domain/zone-record.entries';
import { recordFold, recordStream, type RecordState } from '../domain/zone-record.state';
import { nameKeyText } from '../domain/zone-name';
import type { ActiveZone } from '../domain/zone.state';
import { findRecord } from '../queries/find-zones';

/** A record of a zone that has been loaded. `owner` is the key of its name. @throws WeftError `network-zone-record.not-found` */
export async function loadRecord(deps: Deps, uow: UnitOfWork, zone: ActiveZone, name: string): Promise<{ owner: string; stream: string; state: RecordState }> {
  const owner = ownerOf(zone, name);
  const id = await findRecord(deps.pool, zone.id, owner);
  if (id === undefined) throw notFound();
  const stream = recordStream(id);
  const { state } = await uow.load(recordFold, stream);
  if (state.status !== 'active') throw notFound();
  return { owner, stream, state };
}

/** What cannot be the name of a record is not found either. */
function ownerOf(zone: ActiveZone, name: string): string {
  try {
    return nameKeyText(recordOwner(zone.name, name));
  } catch (error) {
    if (error instanceof WeftError) throw notFound();
    throw error;
  }
}

const notFound = (): WeftError => new WeftError('network-zone-record.not-found', 'Network zone record not found');
