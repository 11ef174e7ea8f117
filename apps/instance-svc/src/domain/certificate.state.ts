import type { CertificateEvent, CertificateTokenEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';
import { etagOf } from './etag';

export type CertificateContent = Extract<CertificateEvent, { type: 'CertificateAdded' }>['data'];
export type CertificateState = { status: 'none' } | ({ status: 'trusted' } & CertificateContent);

export const certificateFold: Fold<CertificateState, CertificateEvent> = {
  initial: { status: 'none' },
  evolve(_state, event) {
    switch (event.type) {
      case 'CertificateAdded':
      case 'CertificateUpdated':
        return { status: 'trusted', ...event.data };
      case 'CertificateRemoved':
        return { status: 'none' };
      default:
        return event satisfies never;
    }
  },
};

export const certificateStream = (fingerprint: string): string => `certificate-${fingerprint}`;

/** LXD's field order: what a client reads. */
export const certificateDocument = ({ name, type, restricted, projects, certificate, fingerprint }: CertificateContent) => ({
  name,
  type,
  restricted,
  projects,
  certificate,
  fingerprint,
});
export const certificateEtag = (content: CertificateContent): string => etagOf(certificateDocument(content));

export type CertificateTokenState =
  { status: 'none' } | { status: 'open'; name: string; restricted: boolean; projects: string[]; expiresAt: string | null } | { status: 'used' };

export const certificateTokenFold: Fold<CertificateTokenState, CertificateTokenEvent> = {
  initial: { status: 'none' },
  evolve(_state, event) {
    switch (event.type) {
      case 'CertificateTokenIssued': {
        const { name, restricted, projects, expiresAt } = event.data;
        return { status: 'open', name, restricted, projects, expiresAt };
      }
      case 'CertificateTokenUsed':
        return { status: 'used' };
      default:
        return event satisfies never;
    }
  },
};

export const certificateTokenStream = (operationId: string): string => `certificatetoken-${operationId}`;
