import { z } from 'zod';
import type { EventOf } from './definition';

const content = {
  fingerprint: z.string(),
  name: z.string(),
  type: z.enum(['client', 'metrics']),
  restricted: z.boolean(),
  projects: z.array(z.string()),
  /** PEM; public by nature. */
  certificate: z.string(),
};

/** Stream `certificate-<fingerprint>` (sha256 of the DER form, hex): it can be added again after a removal. */
export const certificateEvents = {
  CertificateAdded: z.object(content),
  CertificateUpdated: z.object(content),
  CertificateRemoved: z.object({ fingerprint: z.string(), name: z.string() }),
} as const;
export type CertificateEvent = EventOf<typeof certificateEvents>;

/** Stream `certificatetoken-<operation id>`. */
export const certificateTokenEvents = {
  /** A one-time right to add a certificate. Its secret is not here, only in the reply to who asked for it. */
  CertificateTokenIssued: z.object({
    operationId: z.string(),
    name: z.string(),
    restricted: z.boolean(),
    projects: z.array(z.string()),
    expiresAt: z.string().nullable(),
  }),
  CertificateTokenUsed: z.object({ operationId: z.string(), fingerprint: z.string() }),
} as const;
export type CertificateTokenEvent = EventOf<typeof certificateTokenEvents>;
