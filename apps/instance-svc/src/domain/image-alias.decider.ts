import { WeftError, type ImageAliasEvent, type InstanceType } from '@weft/contracts';
import { checkEtag, etagOf } from './etag';
import { imageAliasDocument, type ImageAliasState } from './image.state';
import { checkAliasName } from './resource-name';

/** The image that an alias shall point at, found by whole fingerprint or unique prefix. */
export interface AliasTarget {
  imageId: string;
  fingerprint: string;
  type: InstanceType;
}

export type ImageAliasCommand =
  | { type: 'create'; id: string; project: string; name: string; description: string; wantedType: string; target: AliasTarget }
  | { type: 'update'; mode: 'replace' | 'merge'; ifMatch?: string; description?: string; target?: AliasTarget }
  | { type: 'rename'; newName: string }
  | { type: 'delete' };

export function decideImageAlias(command: ImageAliasCommand, state: ImageAliasState): ImageAliasEvent[] {
  if (command.type === 'create') return create(command);
  if (state.status !== 'active') throw new WeftError('image-alias.not-found', 'Image alias not found');
  const { id, project, name } = state;
  switch (command.type) {
    case 'update': {
      checkEtag(command.ifMatch, etagOf(imageAliasDocument(state)));
      const target = command.target ?? { imageId: state.imageId, fingerprint: state.target, type: state.type };
      if (!command.target && command.mode === 'replace') throw new WeftError('request.invalid', 'The target field is required');
      const description = command.description ?? (command.mode === 'merge' ? state.description : '');
      return [{ type: 'ImageAliasUpdated', data: { id, project, name, description, type: target.type, imageId: target.imageId, target: target.fingerprint } }];
    }
    case 'rename':
      checkAliasName(command.newName);
      if (command.newName === name) throw new WeftError('image-alias.exists', `Alias '${name}' already exists`);
      return [{ type: 'ImageAliasRenamed', data: { id, project, oldName: name, name: command.newName } }];
    case 'delete':
      return [{ type: 'ImageAliasDeleted', data: { id, project, name } }];
    default:
      return command satisfies never;
  }
}

function create(command: Extract<ImageAliasCommand, { type: 'create' }>): ImageAliasEvent[] {
  checkAliasName(command.name);
  const { target } = command;
  if (command.wantedType && command.wantedType !== target.type) {
    throw new WeftError('image.wrong-type', `The alias is for a ${command.wantedType}, but the image is a ${target.type}`);
  }
  const { id, project, name, description } = command;
  return [{ type: 'ImageAliasCreated', data: { id, project, name, description, type: target.type, imageId: target.imageId, target: target.fingerprint } }];
}
