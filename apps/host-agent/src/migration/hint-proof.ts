import { createHmac, timingSafeEqual } from 'node:crypto';

export type Hint = 'near' | 'go';

/** Shows that whoever gives a hint is whom the target gave its secret. Hexadecimal. */
export const hintProof = (key: string, hint: Hint, migrationId: string): string => createHmac('sha256', key).update(`${hint} ${migrationId}`).digest('hex');

export function isHintProof(key: string, hint: Hint, migrationId: string, proof: string): boolean {
  const [given, wanted] = [Buffer.from(proof), Buffer.from(hintProof(key, hint, migrationId))];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
