/**
 * Where profiles are, remembered per process: an update of the same profile again needs no look-up. An entry is a hint
 * and no more. It is believed only when the profile that it leads to still has the project and the name asked for;
 * the append checks that state again.
 */
import type { EventStore, UnitOfWork } from '@weft/event-store';
import { profileFold, profileStream, type ProfileState } from '../domain/profile.state';
import { requireProfile } from './find-profiles';
import type { Deps } from '../instance.deps';

const MAX_ENTRIES = 10_000;
const hints = new WeakMap<EventStore, Map<string, string>>();

/**
 * The profile that a project means by a name, loaded into the unit of work.
 * @throws WeftError `project.not-found`, `profile.not-found`
 */
export async function loadProfile(deps: Deps, uow: UnitOfWork, project: string, name: string): Promise<{ id: string; project: string; state: ProfileState }> {
  const known = hintsOf(deps.store);
  const key = `${project}\n${name}`;
  const hint = known.get(key);
  if (hint !== undefined) {
    const { state } = await uow.load(profileFold, profileStream(hint));
    if (state.status === 'active' && state.project === project && state.name === name) return { id: hint, project, state };
    known.delete(key);
  }
  const found = await requireProfile(deps.pool, project, name);
  const { state } = await uow.load(profileFold, profileStream(found.id));
  if (found.project === project) {
    if (known.size >= MAX_ENTRIES) known.clear();
    known.set(key, found.id);
  }
  return { ...found, state };
}

function hintsOf(store: EventStore): Map<string, string> {
  const known = hints.get(store) ?? new Map<string, string>();
  hints.set(store, known);
  return known;
}
