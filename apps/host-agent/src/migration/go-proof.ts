import { createHmac, timingSafeEqual } from 'node:crypto';

/** Shows that whoever says "go" is whom the target gave its secret. Hexadecimal. */
export const goProof = (key: string, migrationId: string): string => createHmac('sha256', key).update(`go ${migrationId}`).digest('hex');

export function isGoProof(key: string, migrationId: string, proof: string): boolean {
  const [given, wanted] = [Buffer.from(proof), Buffer.from(goProof(key, migrationId))];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
