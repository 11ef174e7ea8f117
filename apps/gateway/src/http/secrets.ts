import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readOrCreate } from './exclusive-file';

const KEY_BYTES = 32;

/** The key that all replicas share for operation websockets (ADR 0004), made by whoever comes first. */
export async function loadSessionKey(directory: string): Promise<Buffer> {
  const file = join(directory, 'session-secret');
  const text = await readOrCreate(file, 0o600, () => randomBytes(KEY_BYTES).toString('hex'));
  const key = Buffer.from(text.trim(), 'hex');
  if (key.length < KEY_BYTES) throw new Error(`${file} does not hold a key of ${KEY_BYTES} bytes`);
  return key;
}
