import { WeftError, type Devices, type ProfileEvent } from '@weft/contracts';
import { checkEtag } from './etag';
import { checkProfileContent } from './profile.content';
import { DEFAULT_PROFILE, profileEtag, type ActiveProfile, type ProfileState } from './profile.state';
import { checkProfileName } from './resource-name';

interface Content {
  description?: string;
  config?: Readonly<Record<string, string>>;
  devices?: Devices;
}

export type ProfileCommand =
  | ({ type: 'create'; id: string; project: string; name: string } & Required<Content>)
  | ({ type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string } & Content)
  | { type: 'rename'; newName: string }
  /** Its project was renamed. */
  | { type: 'move'; project: string }
  /** `withProject`: the whole project goes, and with it even the profile `default`. */
  | { type: 'delete'; inUse: boolean; withProject: boolean };

/** `inUse`: some instance has the profile. The foreign key holds where this fact has aged. */
export function decideProfile(command: ProfileCommand, state: ProfileState): ProfileEvent[] {
  if (command.type === 'create') {
    checkProfileName(command.name);
    const { id, project, name, description } = command;
    return [{ type: 'ProfileCreated', data: { id, project, name, description, ...checkProfileContent(command.config, command.devices) } }];
  }
  if (state.status !== 'active') throw new WeftError('profile.not-found', 'Profile not found');
  const { id, project, name } = state;
  switch (command.type) {
    case 'update':
      return update(command, state);
    case 'rename':
      if (name === DEFAULT_PROFILE) throw new WeftError('auth.forbidden', 'The "default" profile cannot be renamed');
      checkProfileName(command.newName);
      if (command.newName === name) throw new WeftError('profile.exists', `Name "${name}" already in use`);
      return [{ type: 'ProfileRenamed', data: { id, project, oldName: name, name: command.newName } }];
    case 'move':
      return [{ type: 'ProfileMoved', data: { id, oldProject: project, project: command.project, name } }];
    case 'delete':
      if (name === DEFAULT_PROFILE && !command.withProject) throw new WeftError('auth.forbidden', 'The "default" profile cannot be deleted');
      if (command.inUse) throw new WeftError('profile.in-use', 'Profile is currently in use');
      return [{ type: 'ProfileDeleted', data: { id, project, name } }];
    default:
      return command satisfies never;
  }
}

function update(command: Extract<ProfileCommand, { type: 'update' }>, state: ActiveProfile): ProfileEvent[] {
  checkEtag(command.ifMatch, profileEtag(state));
  const { id, project, name } = state;
  const merge = command.mode === 'merge';
  const description = command.description ?? (merge ? state.description : '');
  // PATCH merges configuration key by key, and devices as wholes: that is how LXD does it.
  const config = merge ? { ...state.config, ...command.config } : (command.config ?? {});
  const devices = merge ? { ...state.devices, ...command.devices } : (command.devices ?? {});
  return [{ type: 'ProfileUpdated', data: { id, project, name, description, ...checkProfileContent(config, devices) } }];
}
