import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const KEY_BYTES = 32;

/**
 * The key that all replicas share for operation websockets (ADR 0004), made by whoever comes first. The link
 * decides a race between replicas on one directory, with the key already whole: the loser reads the winner's.
 */
export async function loadSessionKey(directory: string): Promise<Buffer> {
  const file = join(directory, 'session-secret');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const candidate = `${file}.${process.pid}.new`;
  await writeFile(candidate, randomBytes(KEY_BYTES).toString('hex'), { mode: 0o600 });
  try {
    await link(candidate, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(candidate, { force: true });
  }
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'hex');
  if (key.length < KEY_BYTES) throw new Error(`${file} does not hold a key of ${KEY_BYTES} bytes`);
  return key;
}
