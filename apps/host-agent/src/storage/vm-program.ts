import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** System directories that an ordinary user's PATH lacks (mkfs.vfat is there). */
const SYSTEM_PATHS = '/usr/sbin:/sbin';

/** Runs a program to its end without a shell; gives its standard output, or throws an error that holds its words. */
export async function runProgram(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const env = { PATH: `${process.env.PATH ?? ''}:${SYSTEM_PATHS}`, LC_ALL: 'C', TZ: 'UTC', ...environment };
  const { stdout } = await execute(file, args, { env, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
