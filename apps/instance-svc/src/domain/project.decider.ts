import { WeftError, type ProjectEvent } from '@weft/contracts';
import { checkEtag } from './etag';
import { checkProjectConfig } from './project.config-keys';
import { changedFeatures, DEFAULT_FEATURES } from './project.features';
import { checkLimitsAgainstUsage, type ProjectUsage } from './project.limits';
import { DEFAULT_PROJECT, projectEtag, type ActiveProject, type ProjectState } from './project.state';
import { checkProjectName } from './resource-name';

type StringMap = Readonly<Record<string, string>>;

export type ProjectCommand =
  | { type: 'create'; id: string; name: string; description: string; config: StringMap }
  | { type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; description?: string; config?: StringMap; usage: ProjectUsage; empty: boolean }
  | { type: 'rename'; newName: string; empty: boolean }
  | { type: 'delete'; empty: boolean };

/** `empty`: nothing but the default profile lives in the project. Foreign keys hold where this fact has aged. */
export function decideProject(command: ProjectCommand, state: ProjectState): ProjectEvent[] {
  if (command.type === 'create') return create(command);
  if (state.status !== 'active') throw new WeftError('project.not-found', 'Project not found');
  switch (command.type) {
    case 'update':
      return update(command, state);
    case 'rename':
      return rename(command, state);
    case 'delete':
      if (state.name === DEFAULT_PROJECT) throw new WeftError('auth.forbidden', "The 'default' project cannot be deleted");
      if (!command.empty) throw new WeftError('project.in-use', 'Only empty projects can be removed');
      return [{ type: 'ProjectDeleted', data: { id: state.id, name: state.name } }];
    default:
      return command satisfies never;
  }
}

function create(command: Extract<ProjectCommand, { type: 'create' }>): ProjectEvent[] {
  checkProjectName(command.name);
  const config = checkProjectConfig({ ...DEFAULT_FEATURES, ...command.config });
  return [{ type: 'ProjectCreated', data: { id: command.id, name: command.name, description: command.description, config } }];
}

function update(command: Extract<ProjectCommand, { type: 'update' }>, state: ActiveProject): ProjectEvent[] {
  checkEtag(command.ifMatch, projectEtag(state));
  const merge = command.mode === 'merge';
  const description = command.description ?? (merge ? state.description : '');
  const config = checkProjectConfig({ ...(merge ? state.config : {}), ...command.config });
  const changed = changedFeatures(state.config, config);
  if (changed.length > 0 && state.name === DEFAULT_PROJECT) {
    throw new WeftError('config.invalid', "The features of the 'default' project cannot be changed: every other project may rely on them");
  }
  if (changed.length > 0 && !command.empty) {
    throw new WeftError('project.in-use', `Features can only be changed on empty projects (changed: ${changed.join(', ')})`);
  }
  checkLimitsAgainstUsage(state.name, config, command.usage);
  return [{ type: 'ProjectUpdated', data: { id: state.id, name: state.name, description, config } }];
}

function rename(command: Extract<ProjectCommand, { type: 'rename' }>, state: ActiveProject): ProjectEvent[] {
  if (state.name === DEFAULT_PROJECT) throw new WeftError('auth.forbidden', "The 'default' project cannot be renamed");
  checkProjectName(command.newName);
  if (command.newName === state.name) throw new WeftError('project.exists', `Project "${command.newName}" already exists`);
  if (!command.empty) throw new WeftError('project.in-use', 'Only empty projects can be renamed');
  return [{ type: 'ProjectRenamed', data: { id: state.id, oldName: state.name, name: command.newName } }];
}
