import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** System directories that an ordinary user's PATH lacks (mkfs.vfat is there). */
const SYSTEM_PATHS = '/usr/sbin:/sbin';

/** No disk is so large that copying it takes longer; the others take well below a second. */
const LIMIT_MS = 6 * 3600 * 1000;

/**
 * Runs a program to its end without a shell; gives its standard output, or throws an error that holds its words. One
 * that does not end within six hours is killed.
 */
export async function runProgram(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const env = { PATH: `${process.env.PATH ?? ''}:${SYSTEM_PATHS}`, LC_ALL: 'C', TZ: 'UTC', ...environment };
  const { stdout } = await execute(file, args, { env, maxBuffer: 16 * 1024 * 1024, timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  return stdout;
}
