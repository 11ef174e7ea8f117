import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { diskFull, SAYS_DISK_FULL } from '../files/disk-full';

/**
 * Copies a tree into a directory that does not exist yet, with everything a layer needs: owners, modes, hard links,
 * device nodes (overlay's whiteouts), extended attributes (overlay's opaque directories), holes. Shares blocks where
 * the file system can. Dies with this process (prctl(2), PR_SET_PDEATHSIG): the next one makes the same copy in the same
 * place, from a container that may have gone on meanwhile.
 * @throws WeftError disk.full
 */
export const copyTree = (from: string, to: string): Promise<void> =>
  run('setpriv', ['--pdeathsig', 'KILL', '--', 'cp', '-a', '--reflink=auto', '-T', '--', from, to]);

/** No tree is so large that copying it takes longer. */
const LIMIT_MS = 6 * 3600 * 1000;

/** Entries up to which a tree is removed here: starting a process costs more than these. */
const SMALL_TREE = 64;

/** Removes a tree without crossing into anything mounted below it. */
export async function removeTree(path: string): Promise<void> {
  const root = await fs.lstat(path).catch(ifAbsent);
  if (!root) return;
  const entries = root.isDirectory() ? await smallTree(path, root.dev) : [{ path, isDirectory: false }];
  if (!entries) return run('rm', ['-rf', '--one-file-system', '--', path]);
  for (const entry of entries.reverse()) await (entry.isDirectory ? fs.rmdir(entry.path) : fs.unlink(entry.path)).catch(ifAbsent);
}

/** Everything in a tree, parents first; undefined when that is much, or something is mounted in it. */
async function smallTree(root: string, device: number): Promise<{ path: string; isDirectory: boolean }[] | undefined> {
  const entries = [{ path: root, isDirectory: true }];
  for (let next = 0; next < entries.length; next += 1) {
    const { path, isDirectory } = entries[next]!;
    if (!isDirectory) continue;
    if (next > 0 && (await fs.lstat(path)).dev !== device) return undefined;
    for (const entry of await fs.readdir(path, { withFileTypes: true })) entries.push({ path: `${path}/${entry.name}`, isDirectory: entry.isDirectory() });
    if (entries.length > SMALL_TREE) return undefined;
  }
  return entries;
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

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
    const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
    execFile(file, args, { cwd: '/', env, maxBuffer: 1 << 20, timeout: LIMIT_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if (SAYS_DISK_FULL.test(stderr)) return reject(diskFull(error));
      reject(new Error(`${file}: ${stderr.trim().split('\n').slice(-3).join('; ') || error.message}`, { cause: error }));
    });
  });
}
