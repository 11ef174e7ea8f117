import { WeftError, type ImageEvent, type StagedImage } from '@weft/contracts';
import { checkEtag } from './etag';
import { imageEtag, type ActiveImage, type ImageState } from './image.state';

/** What LXD shows for "never" in an image's dates. */
export const EPOCH = new Date(0).toISOString();
const MAX_PROPERTIES = 256;

export type ImageCommand =
  | {
      type: 'create';
      id: string;
      project: string;
      staged: StagedImage;
      filename: string;
      public: boolean;
      autoUpdate: boolean;
      /** Properties the importer asked for; they win over those in the image. */
      properties: Readonly<Record<string, string>>;
      profiles: readonly string[] | null;
      expiresAt?: string;
      now: Date;
    }
  | {
      type: 'update';
      mode: 'replace' | 'merge';
      ifMatch?: string;
      public?: boolean;
      autoUpdate?: boolean;
      properties?: Readonly<Record<string, string>>;
      profiles?: readonly string[] | null;
      expiresAt?: string;
    }
  | { type: 'delete' };

export function decideImage(command: ImageCommand, state: ImageState): ImageEvent[] {
  if (command.type === 'create') return create(command);
  if (state.status !== 'active') throw new WeftError('image.not-found', 'Image not found');
  const { id, project, fingerprint } = state;
  switch (command.type) {
    case 'update':
      return update(command, state);
    case 'delete':
      return [{ type: 'ImageDeleted', data: { id, project, fingerprint } }];
    default:
      return command satisfies never;
  }
}

function create(command: Extract<ImageCommand, { type: 'create' }>): ImageEvent[] {
  const { staged } = command;
  const data = {
    id: command.id,
    project: command.project,
    fingerprint: staged.fingerprint,
    public: command.public,
    autoUpdate: command.autoUpdate,
    properties: checkProperties({ ...staged.properties, ...command.properties }),
    profiles: [...(command.profiles ?? ['default'])],
    expiresAt: command.expiresAt ? toDate(command.expiresAt) : fromSeconds(staged.expiryDate),
    filename: command.filename,
    sizeBytes: staged.sizeBytes,
    type: staged.type,
    architecture: staged.architecture,
    createdAt: fromSeconds(staged.creationDate),
    uploadedAt: command.now.toISOString(),
  };
  return [{ type: 'ImageCreated', data }];
}

function update(command: Extract<ImageCommand, { type: 'update' }>, state: ActiveImage): ImageEvent[] {
  checkEtag(command.ifMatch, imageEtag(state));
  const merge = command.mode === 'merge';
  const before = merge ? state : { ...state, public: false, autoUpdate: false, properties: {}, profiles: ['default'], expiresAt: EPOCH };
  const data = {
    id: state.id,
    project: state.project,
    fingerprint: state.fingerprint,
    public: command.public ?? before.public,
    autoUpdate: command.autoUpdate ?? before.autoUpdate,
    properties: checkProperties({ ...before.properties, ...command.properties }),
    profiles: [...(command.profiles ?? before.profiles)],
    expiresAt: command.expiresAt ? toDate(command.expiresAt) : before.expiresAt,
  };
  return [{ type: 'ImageUpdated', data }];
}

function checkProperties(properties: Record<string, string>): Record<string, string> {
  const kept = Object.entries(properties).filter(([, value]) => value !== '');
  if (kept.length > MAX_PROPERTIES) throw new WeftError('image.invalid', `An image may have at most ${MAX_PROPERTIES} properties`);
  if (kept.some(([key]) => key === '')) throw new WeftError('image.invalid', 'An image property needs a name');
  return Object.fromEntries(kept);
}

/** Go's zero time means "not set" to LXD's clients. */
function toDate(text: string): string {
  if (text.startsWith('0001-01-01')) return EPOCH;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new WeftError('image.invalid', `Invalid date "${text}": use RFC 3339, for example 2030-01-31T00:00:00Z`);
  return date.toISOString();
}

const fromSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString();
