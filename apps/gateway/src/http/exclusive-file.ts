import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The content of a file that whoever comes first makes: replicas may share the directory. link(2) decides a race with
 * the content already whole, so the loser reads the winner's, and a crash leaves either everything or nothing.
 *
 * @param make called only when the file is not there yet
 */
export async function readOrCreate(file: string, mode: number, make: () => string | Promise<string>): Promise<string> {
  const present = await read(file);
  if (present !== undefined) return present;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Replicas in containers often have the same process id.
  const candidate = `${file}.${randomUUID()}.new`;
  try {
    await writeFile(candidate, await make(), { mode, flag: 'wx' });
    await link(candidate, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(candidate, { force: true });
  }
  return readFile(file, 'utf8');
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
