import { clusterGroupEtag, WeftError, type ClusterGroupEvent } from '@weft/contracts';
import { checkEtag } from './etag';
import type { ClusterGroupState } from './cluster-group.state';
import { DEFAULT_GROUP } from './member.state';
import { checkClusterGroupName } from './resource-name';

export type ClusterGroupCommand =
  | { type: 'create'; id: string; name: string; description: string }
  /** `members`: the names of those that belong to it now, sorted. */
  | { type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; description?: string; members: readonly string[] }
  | { type: 'rename'; newName: string }
  | { type: 'delete'; members: readonly string[] };

export function decideClusterGroup(command: ClusterGroupCommand, state: ClusterGroupState): ClusterGroupEvent[] {
  if (command.type === 'create') {
    checkClusterGroupName(command.name);
    const { id, name, description } = command;
    return [{ type: 'ClusterGroupCreated', data: { id, name, description } }];
  }
  if (state.status !== 'active') throw new WeftError('cluster-group.not-found', 'Cluster group not found');
  const { id, name } = state;
  switch (command.type) {
    case 'update':
      checkEtag(command.ifMatch, clusterGroupEtag(state.description, command.members));
      return [{ type: 'ClusterGroupUpdated', data: { id, name, description: command.description ?? (command.mode === 'merge' ? state.description : '') } }];
    case 'rename':
      if (name === DEFAULT_GROUP) throw new WeftError('auth.forbidden', 'The "default" cluster group cannot be renamed');
      checkClusterGroupName(command.newName);
      return [{ type: 'ClusterGroupRenamed', data: { id, oldName: name, name: command.newName } }];
    case 'delete':
      if (name === DEFAULT_GROUP) throw new WeftError('auth.forbidden', 'The "default" cluster group cannot be deleted');
      if (command.members.length > 0) throw new WeftError('cluster-group.in-use', 'Only empty cluster groups can be removed');
      return [{ type: 'ClusterGroupDeleted', data: { id, name } }];
    default:
      return command satisfies never;
  }
}
