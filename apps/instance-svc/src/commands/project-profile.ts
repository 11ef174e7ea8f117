/** The profile `default` comes and goes with the project, or with its feature `features.profiles`. */
import { newId } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { decideProfile, type ProfileCommand } from '../domain/profile.decider';
import { DEFAULT_PROFILE, profileFold, profileStream } from '../domain/profile.state';

export function addDefaultProfile(uow: UnitOfWork, project: string): void {
  const id = newId();
  const description = `Default LXD profile for project ${project}`;
  const events = decideProfile({ type: 'create', id, project, name: DEFAULT_PROFILE, description, config: {}, devices: {} }, profileFold.initial);
  uow.append(
    profileStream(id),
    events.map((event) => ({ ...event, project })),
  );
}

export async function changeDefaultProfile(uow: UnitOfWork, id: string | undefined, command: ProfileCommand): Promise<void> {
  if (id === undefined) return;
  const { state } = await uow.load(profileFold, profileStream(id));
  const events = decideProfile(command, state);
  uow.append(
    profileStream(id),
    events.map((event) => ({ ...event, project: event.data.project })),
  );
}
