import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { WeftError } from '@weft/contracts';

/**
 * Copies a tree into a directory that does not exist yet, with everything a layer needs: owners, modes, hard links,
 * device nodes (overlay's whiteouts), extended attributes (overlay's opaque directories), holes. Shares blocks where
 * the file system can.
 * @throws WeftError disk.full
 */
export const copyTree = (from: string, to: string): Promise<void> => run('cp', ['-a', '--reflink=auto', '-T', '--', from, to]);

/** Removes a tree without crossing into anything mounted below it. */
export const removeTree = (path: string): Promise<void> => run('rm', ['-rf', '--one-file-system', '--', path]);

/** Bytes on disk, counted once for hard links. */
export async function diskUsageBytes(path: string): Promise<number> {
  const text = await output('du', ['-s', '-x', '--block-size=1', '--', path]).catch(() => '0');
  return Number(text.split(/\s/)[0]) || 0;
}

/** Moves ownership of a tree by `delta` ids: container roots become privileged or the other way round. */
export async function shiftOwners(path: string, delta: number): Promise<void> {
  const stat = await fs.lstat(path);
  await fs.lchown(path, stat.uid + delta, stat.gid + delta);
  if (stat.isSymbolicLink()) return;
  await fs.chmod(path, stat.mode & 0o7777); // the kernel drops set-id bits on chown
  if (!stat.isDirectory()) return;
  for (const name of await fs.readdir(path)) await shiftOwners(`${path}/${name}`, delta);
}

const run = async (file: string, args: readonly string[]): Promise<void> => void (await output(file, args));

function output(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C' }, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if (/No space left on device|Disk quota exceeded/.test(stderr)) {
        return reject(new WeftError('disk.full', 'The storage pool has no space left', { cause: error }));
      }
      reject(new Error(`${file}: ${stderr.trim().split('\n').slice(-3).join('; ') || error.message}`, { cause: error }));
    });
  });
}
