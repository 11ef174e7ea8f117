import { type ChildProcess, spawn } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { posix } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WeftError } from '@weft/contracts';
import { diskFull } from '../../files/disk-full';
import type { FileStat, GuestFiles } from '../driver';
import { GUEST_FILES_HELPER } from './guest-files.perl';

/** Where a container's files are. */
export interface GuestRoot {
  /** A directory on the host: the mounted root, or /proc/<init>/root of a running container (with the guest's mounts). */
  path: string;
  /** The init that /proc path belongs to. */
  initPid?: number;
  /** Host id of the container's root, 0 when privileged. */
  idBase: number;
  release(): Promise<void>;
}

/** Nothing short takes this long; a guest's own file system may never answer. */
const TIMEOUT_MS = 30_000;
/** Ids that an unprivileged container has. */
const ID_RANGE = 65536;

/**
 * Enters a guest's user namespace as its root (nsenter(1)). In a running guest, paths reach its /proc, /sys and disk
 * devices: there the host's root could do what the guest's root may not, such as set the host's core_pattern.
 */
const userNamespaceOf = (pid: number): string[] => ['nsenter', '--target', String(pid), '--user', '--setuid', '0', '--setgid', '0', '--'];

/** Files of one container; every operation is a confined process (see `guest-files.perl.ts`), about 5 ms. */
export class ContainerFiles implements GuestFiles {
  constructor(private readonly root: GuestRoot) {}

  async stat(path: string): Promise<FileStat> {
    const [type = '', uid, gid, mode, size] = (await this.answer('stat', path)).split(' ');
    if (type !== 'file' && type !== 'directory' && type !== 'symlink')
      throw new WeftError('file.invalid', 'Only files, directories and symbolic links can be transferred');
    return { type, uid: Number(uid), gid: Number(gid), mode: Number(mode), sizeBytes: Number(size) };
  }

  async list(path: string): Promise<string[]> {
    const names = await this.answer('list', path);
    return names === '' ? [] : names.split('\0').sort();
  }

  readlink = (path: string): Promise<string> => this.answer('readlink', path);

  /** Fails when the file cannot be opened; the stream fails when it cannot be read to its end. */
  async read(path: string): Promise<Readable> {
    const helper = await this.start('read', path);
    helper.stdin?.end();
    const ended = exitOf(helper, path);
    const output = helper.stdout!;
    await Promise.race([firstBytes(output), ended]);
    const content = new PassThrough();
    output.pipe(content, { end: false });
    ended.then(
      () => content.end(),
      (error: Error) => content.destroy(error),
    );
    content.once('close', () => helper.kill('SIGKILL'));
    return content;
  }

  async write(path: string, content: Readable, { uid, gid, mode, append }: { uid: number; gid: number; mode: number; append: boolean }): Promise<void> {
    this.checkOwner(uid, gid);
    // The source may fail before it is read.
    content.once('error', () => undefined);
    const helper = await this.start('write', path, String(uid), String(gid), String(mode), append ? '1' : '');
    const ended = exitOf(helper, path);
    ended.catch(() => undefined);
    try {
      await pipeline(content, helper.stdin!);
    } catch (error) {
      // A helper that has closed the pipe has its own reason, which says more. Otherwise the source has failed: what was sent is not the whole.
      if (!hasLeft(helper)) {
        helper.kill('SIGKILL');
        throw error;
      }
    }
    await ended;
  }

  async mkdir(path: string, { uid, gid, mode }: { uid: number; gid: number; mode: number }): Promise<void> {
    this.checkOwner(uid, gid);
    await this.answer('mkdir', path, String(uid), String(gid), String(mode));
  }

  async symlink(path: string, target: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
    this.checkOwner(uid, gid);
    await this.answer('symlink', path, target, String(uid), String(gid));
  }

  async remove(path: string): Promise<void> {
    await this.answer('remove', path);
  }

  /** Sets the size of a terminal of the guest, in characters. */
  async setWindowSize(terminal: string, width: number, height: number): Promise<void> {
    await this.answer('winsize', terminal, String(width), String(height));
  }

  close = (): Promise<void> => this.root.release();

  /** Ids beyond the container's own would come out as ids of the host. */
  private checkOwner(...ids: number[]): void {
    if (this.root.idBase > 0 && ids.some((id) => id >= ID_RANGE))
      throw new WeftError('file.invalid', `User and group ids in this container end at ${ID_RANGE - 1}`);
  }

  private async answer(operation: string, path: string, ...rest: string[]): Promise<string> {
    const helper = await this.start(operation, path, ...rest);
    helper.stdin?.end();
    const timer = setTimeout(() => helper.kill('SIGKILL'), TIMEOUT_MS);
    const chunks: Buffer[] = [];
    helper.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
    try {
      await exitOf(helper, path);
    } finally {
      clearTimeout(timer);
    }
    return Buffer.concat(chunks).toString();
  }

  private async start(operation: string, path: string, ...rest: string[]): Promise<ChildProcess> {
    if (!path.startsWith('/') || path.includes('\0')) throw new WeftError('file.invalid', 'The path of a file must be absolute');
    const { path: root, initPid, idBase } = this.root;
    const check = initPid === undefined ? '' : `${initPid}:${await startTime(initPid)}`;
    const namespace = initPid === undefined || idBase === 0 ? [] : userNamespaceOf(initPid);
    const base = namespace.length > 0 ? 0 : idBase;
    const command = [...namespace, 'perl', '-e', GUEST_FILES_HELPER, '--', root, check, String(base), operation, posix.normalize(path), ...rest];
    const helper = spawn(command[0]!, command.slice(1), { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, stdio: ['pipe', 'pipe', 'pipe'] });
    helper.stdin.on('error', () => undefined);
    return helper;
  }
}

/**
 * The reader of our pipe has gone. The error of a pipeline does not tell: whichever end fails, both are destroyed, and either
 * may be reported as a premature close.
 */
const hasLeft = ({ exitCode, signalCode, stdin }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null || ['EPIPE', 'ECONNRESET'].includes((stdin?.errored as NodeJS.ErrnoException | null)?.code ?? '');

/** Resolves with the first content; a helper that ends without any is known by its exit. */
const firstBytes = (output: Readable): Promise<void> =>
  new Promise((resolve) => {
    output.once('readable', () => {
      if (output.readableLength > 0) resolve();
      else output.resume();
    });
  });

function exitOf(helper: ChildProcess, path: string): Promise<void> {
  let reason = '';
  helper.stderr!.on('data', (chunk: Buffer) => (reason += reason.length < 1000 ? chunk.toString() : ''));
  return new Promise((resolve, reject) => {
    helper.once('error', (error) => reject(new WeftError('internal', `perl cannot be started: ${error.message}`, { cause: error })));
    helper.once('close', (code, signal) => (code === 0 ? resolve() : reject(fileError(signal ? `killed by ${signal}` : reason, path))));
  });
}

function fileError(reason: string, path: string): WeftError {
  // The guest ended before its namespace could be entered.
  switch (reason.startsWith('nsenter: ') ? 'GONE' : reason) {
    case 'ENOENT':
      return new WeftError('file.not-found', `${path}: no such file or directory`);
    case 'GONE':
      return new WeftError('instance.wrong-status', 'The instance has changed its state meanwhile; try again');
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull();
    default:
      return new WeftError('file.invalid', `${path}: ${WORDS[reason] ?? reason}`);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EEXIST: 'it exists already',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ENOTEMPTY: 'the directory is not empty',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ELOOP: 'a symbolic link is in the way',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  ENXIO: 'it is not a regular file',
  NOTFILE: 'it is not a regular file',
  EBUSY: 'it is in use',
};

/** Field 22 of /proc/<pid>/stat (proc(5)): with the pid it names one process for ever. */
async function startTime(pid: number): Promise<string> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[19] ?? '0';
}
