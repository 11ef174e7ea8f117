import { WeftError, type CertificateEvent, type CertificateTokenEvent } from '@weft/contracts';
import { certificateEtag, type CertificateContent, type CertificateState, type CertificateTokenState } from './certificate.state';
import { checkEtag } from './etag';

const MAX_NAME_LENGTH = 255;

export type CertificateCommand =
  | { type: 'add'; certificate: Omit<CertificateContent, 'type'> & { type: string } }
  | {
      type: 'update';
      mode: 'replace' | 'merge';
      ifMatch?: string;
      name?: string;
      certificateType?: string;
      restricted?: boolean;
      projects?: readonly string[] | null;
      /** The owner changes its own entry: the name only, never its rights. */
      asOwner: boolean;
    }
  | { type: 'remove' };

export function decideCertificate(command: CertificateCommand, state: CertificateState): CertificateEvent[] {
  if (command.type === 'add') {
    if (state.status === 'trusted') throw new WeftError('certificate.exists', 'Certificate already in trust store');
    return [{ type: 'CertificateAdded', data: checked(command.certificate) }];
  }
  if (state.status !== 'trusted') throw new WeftError('certificate.not-found', 'Certificate not found');
  const { status: _status, ...before } = state;
  switch (command.type) {
    case 'update':
      return [{ type: 'CertificateUpdated', data: update(command, before) }];
    case 'remove':
      return [{ type: 'CertificateRemoved', data: { fingerprint: before.fingerprint, name: before.name } }];
    default:
      return command satisfies never;
  }
}

function update(command: Extract<CertificateCommand, { type: 'update' }>, before: CertificateContent): CertificateContent {
  checkEtag(command.ifMatch, certificateEtag(before));
  const merge = command.mode === 'merge';
  const after = checked({
    ...before,
    name: command.name ?? (merge ? before.name : ''),
    type: command.certificateType ?? before.type,
    restricted: command.restricted ?? (merge ? before.restricted : false),
    projects: [...(command.projects ?? (merge ? before.projects : []))],
  });
  if (command.asOwner && certificateEtag({ ...after, name: before.name }) !== certificateEtag(before)) {
    throw new WeftError('auth.forbidden', 'A restricted certificate may only change its own name');
  }
  return after;
}

function checked(content: Omit<CertificateContent, 'type'> & { type: string }): CertificateContent {
  const { type, name } = content;
  if (type !== 'client' && type !== 'metrics') throw new WeftError('certificate.invalid', `Unknown certificate type "${type}": use client or metrics`);
  if (name.length > MAX_NAME_LENGTH) throw new WeftError('certificate.invalid', `A certificate's name may have at most ${MAX_NAME_LENGTH} characters`);
  return { ...content, type };
}

/** Uses a token up. The caller has found it by its secret; everything that is wrong with it looks the same outside. */
export function useCertificateToken(operationId: string, fingerprint: string, state: CertificateTokenState, now: Date): CertificateTokenEvent[] {
  const expired = state.status === 'open' && state.expiresAt !== null && now >= new Date(state.expiresAt);
  if (state.status !== 'open' || expired) throw new WeftError('auth.forbidden', 'not authorized');
  return [{ type: 'CertificateTokenUsed', data: { operationId, fingerprint } }];
}
