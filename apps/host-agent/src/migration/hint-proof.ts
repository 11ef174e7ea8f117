import { createHmac, timingSafeEqual } from 'node:crypto';

/** Shows that whoever gives the hint to begin is whom the target gave its secret. Hexadecimal. */
export const hintProof = (key: string, migrationId: string): string => createHmac('sha256', key).update(`go ${migrationId}`).digest('hex');

export function isHintProof(key: string, migrationId: string, proof: string): boolean {
  const [given, wanted] = [Buffer.from(proof), Buffer.from(hintProof(key, migrationId))];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
