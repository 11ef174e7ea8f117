import { derivedId, type Meta, type ProfileEvent } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { changesLimits } from '../domain/config-keys';
import type { ProfileState } from '../domain/profile.state';
import type { Deps } from '../instance.deps';
import { changesNics } from './profile-ports';
import type { ApplyProfileParams } from '../sagas/profile.saga';

/**
 * Limits and NICs are what a running guest takes on, and NICs have addresses while it does not run; other keys wait for its next start, or are read by services. Most updates
 * touch none and cost nothing here; for the others the saga is written with the event, so that no crash loses it.
 */
export function applyToRunningGuests(deps: Deps, uow: UnitOfWork, meta: Meta, before: ProfileState, events: readonly ProfileEvent[]): void {
  for (const { type, data } of events) {
    if (type !== 'ProfileUpdated' || before.status !== 'active') continue;
    const nics = changesNics(data.id, before, data);
    if (!nics && !changesLimits(before.config, data.config)) continue;
    const id = derivedId(meta.commandId, 'profile.apply');
    const params: ApplyProfileParams = { profileId: data.id, meta, nics, traceparent: meta.traceparent };
    uow.inTransaction((client) => deps.sagas.insert(client, { id, type: 'profile.apply', params }));
    uow.afterCommit(() => deps.sagas.wake(id));
  }
}
