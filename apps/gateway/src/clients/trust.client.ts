/**
 * The trust store as the gateway sees it. Known certificates are kept for a short time and forgotten as soon as an
 * event about certificates arrives; unknown ones are looked up every time, so that a certificate added through
 * another replica works at once (a TLS handshake costs far more than the look-up).
 */
import type { TrustedCertificate } from '../domain/policy';
import type { ReadClient } from './read.client';

const KEEP_MS = 5_000;
const FIND = { name: 'certificate-trust', sql: 'select type, restricted, array_to_json(projects)::text from instance.certificate_v1 where fingerprint = $1' };

export interface TrustStore {
  find(fingerprint: string): TrustedCertificate | undefined | Promise<TrustedCertificate | undefined>;
  forget(): void;
  /** Calls back whenever somebody's rights may have changed; returns what ends that. */
  onChange(listener: () => void): () => void;
}

export function createTrustStore(reads: ReadClient, now: () => number = Date.now): TrustStore {
  const known = new Map<string, { certificate: TrustedCertificate; until: number }>();
  const listeners = new Set<() => void>();
  const load = async (fingerprint: string): Promise<TrustedCertificate | undefined> => {
    const row = await reads.row(FIND, [fingerprint]);
    if (!row) {
      known.delete(fingerprint);
      return undefined;
    }
    const certificate: TrustedCertificate = { type: row[0] ?? '', restricted: row[1] === 't', projects: JSON.parse(row[2] ?? '[]') as string[] };
    known.set(fingerprint, { certificate, until: now() + KEEP_MS });
    return certificate;
  };
  return {
    find: (fingerprint) => {
      const entry = known.get(fingerprint);
      return entry && entry.until > now() ? entry.certificate : load(fingerprint);
    },
    forget: () => {
      known.clear();
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
